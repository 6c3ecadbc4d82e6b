import { BPF } from "../bpf.const.ts";
import { decode, type Instruction } from "../program.ts";

/** What a filter sees of a system call. */
export interface Call {
  readonly nr: number;
  readonly arch: number;
  readonly args?: readonly bigint[];
}

/** `struct seccomp_data`, linux/seccomp.h. */
function dataOf({ nr, arch, args = [] }: Call): DataView {
  const view = new DataView(new ArrayBuffer(64));
  view.setUint32(0, nr, true);
  view.setUint32(4, arch, true);
  for (const [at, arg] of args.entries()) view.setBigUint64(16 + 8 * at, BigInt.asUintN(64, arg), true);
  return view;
}

/**
 * Runs a classic BPF program on a system call, as the kernel would: its return value, and how many instructions it took.
 * Knows what libseccomp and we generate; anything else throws, as does a jump out of the program.
 */
export function interpret(program: readonly Instruction[], call: Call): { value: number; steps: number } {
  const data = dataOf(call);
  let loaded = 0;
  for (let at = 0, steps = 1; ; at++, steps++) {
    const instruction = program[at];
    if (!instruction) throw new Error(`the program ends without a return, at ${at}`);
    const { code, jt, jf, k } = instruction;
    const branch = (yes: boolean): void => {
      at += yes ? jt : jf;
    };
    if (code === (BPF.RET | BPF.K)) return { value: k, steps };
    if (code === (BPF.LD | BPF.W | BPF.ABS)) loaded = data.getUint32(k, true);
    else if (code === (BPF.ALU | BPF.AND | BPF.K)) loaded = (loaded & k) >>> 0;
    else if (code === (BPF.JMP | BPF.JA)) at += k;
    else if (code === (BPF.JMP | BPF.JEQ | BPF.K)) branch(loaded === k);
    else if (code === (BPF.JMP | BPF.JGT | BPF.K)) branch(loaded > k);
    else if (code === (BPF.JMP | BPF.JGE | BPF.K)) branch(loaded >= k);
    else if (code === (BPF.JMP | BPF.JSET | BPF.K)) branch((loaded & k) !== 0);
    else throw new Error(`no instruction 0x${code.toString(16)} at ${at}`);
  }
}

/** A filter's verdicts, by number. */
export function filterOf(bytes: Uint8Array): (call: Call) => number {
  const program = decode(bytes);
  return (call) => interpret(program, call).value;
}
