import { BPF, BPF_DEVCG_ACC, BPF_DEVCG_DEV } from "../ebpf.const.ts";
import { decode } from "../program.ts";

/** A process wants a device. */
export interface Wish {
  readonly type: "c" | "b";
  readonly major: number;
  readonly minor: number;
  readonly access: string;
}

/** Runs a device program as the kernel would on a wish; anything it does not know throws, as does a jump out. */
export function permits(bytes: Uint8Array, { type, major, minor, access }: Wish): boolean {
  const program = decode(bytes);
  const bits =
    (access.includes("m") ? BPF_DEVCG_ACC.MKNOD : 0) |
    (access.includes("r") ? BPF_DEVCG_ACC.READ : 0) |
    (access.includes("w") ? BPF_DEVCG_ACC.WRITE : 0);
  const context = [(bits << 16) | (type === "b" ? BPF_DEVCG_DEV.BLOCK : BPF_DEVCG_DEV.CHAR), major, minor];
  const registers = new Array<number>(11).fill(0);
  for (let at = 0; ; at++) {
    const instruction = program[at];
    if (!instruction) throw new Error(`the program ends without an exit, at ${at}`);
    const { code, dst, src, off, imm } = instruction;
    const [left = 0, right = 0] = [registers[dst], registers[src]];
    const set = (value: number): void => {
      registers[dst] = value >>> 0;
    };
    if (code === (BPF.JMP | BPF.EXIT)) return registers[0] === 1;
    if (code === (BPF.LDX | BPF.MEM | BPF.W) && src === 1) set(context[off / 4] ?? Number.NaN);
    else if (code === (BPF.ALU | BPF.MOV | BPF.K)) set(imm);
    else if (code === (BPF.ALU | BPF.MOV | BPF.X)) set(right);
    else if (code === (BPF.ALU | BPF.AND | BPF.K)) set(left & imm);
    else if (code === (BPF.ALU | BPF.RSH | BPF.K)) set(left >>> imm);
    else if (code === (BPF.JMP | BPF.JA)) at += off;
    else if (code === (BPF.JMP | BPF.JNE | BPF.K)) at += left === imm >>> 0 ? 0 : off;
    else if (code === (BPF.JMP | BPF.JNE | BPF.X)) at += left === right ? 0 : off;
    else if (code === (BPF.JMP | BPF.JSET | BPF.K)) at += (left & imm) === 0 ? 0 : off;
    else throw new Error(`no instruction 0x${code.toString(16)} at ${at}`);
  }
}
