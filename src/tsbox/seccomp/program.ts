import { BPF } from "./bpf.const.ts";

/** `struct sock_filter`, linux/filter.h. Jumps count from the next instruction. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** Code that can stand anywhere: whatever comes to its end falls through. */
export type Code = readonly Instruction[];

/** Reach of a conditional jump; the unconditional one has 32 bits. */
const MAX_JUMP = 255;
const SIZE = 8;

export const load = (offset: number): Instruction => ({ code: BPF.LD | BPF.W | BPF.ABS, jt: 0, jf: 0, k: offset });
export const and = (mask: number): Instruction => ({ code: BPF.ALU | BPF.AND | BPF.K, jt: 0, jf: 0, k: mask });
export const ret = (value: number): Instruction => ({ code: BPF.RET | BPF.K, jt: 0, jf: 0, k: value });
const skip = (count: number): Instruction => ({ code: BPF.JMP | BPF.JA, jt: 0, jf: 0, k: count });

const COMPARE = { eq: BPF.JEQ, gt: BPF.JGT, ge: BPF.JGE } as const;

/** Compares what was loaded, without sign, and skips that many instructions. */
export function jump(compare: keyof typeof COMPARE, k: number, jt: number, jf: number): Instruction {
  if (jt > MAX_JUMP || jf > MAX_JUMP) throw new Error(`a conditional jump over ${Math.max(jt, jf)} instructions`);
  return { code: BPF.JMP | COMPARE[compare] | BPF.K, jt, jf, k };
}

/** `if (loaded COMPARE k) { yes } else { no }`; `no` must not fall through at its end. */
export function either(compare: keyof typeof COMPARE, k: number, yes: Code, no: Code): Code {
  if (no.length <= MAX_JUMP) return [jump(compare, k, no.length, 0), ...no, ...yes];
  return [jump(compare, k, 0, 1), skip(no.length), ...no, ...yes];
}

/** The bytes seccomp(2) wants on x86-64: an array of `struct sock_filter`. */
export function encode(code: Code): Uint8Array {
  const bytes = new Uint8Array(code.length * SIZE);
  const view = new DataView(bytes.buffer);
  code.forEach(({ code: opcode, jt, jf, k }, at) => {
    view.setUint16(at * SIZE, opcode, true);
    view.setUint8(at * SIZE + 2, jt);
    view.setUint8(at * SIZE + 3, jf);
    view.setUint32(at * SIZE + 4, k, true);
  });
  return bytes;
}

/** The same back, for tests and for a look at what is in force. */
export function decode(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / SIZE }, (_, at) => ({
    code: view.getUint16(at * SIZE, true),
    jt: view.getUint8(at * SIZE + 2),
    jf: view.getUint8(at * SIZE + 3),
    k: view.getUint32(at * SIZE + 4, true),
  }));
}
