import { BPF, BPF_DEVCG_ACC, BPF_DEVCG_DEV } from "./ebpf.const.ts";
import type { DeviceAccess, DeviceException } from "./rules.ts";

/** `struct bpf_insn`, linux/bpf.h. */
export interface Instruction {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly off: number;
  readonly imm: number;
}

const instruction = (code: number, dst: number, more: Partial<Instruction> = {}): Instruction => ({
  code,
  dst,
  src: 0,
  off: 0,
  imm: 0,
  ...more,
});

/** Registers: the answer, the context, and what is read from it. */
const R0 = 0;
const CONTEXT = 1;
const TYPE = 2;
const ACCESS = 3;
const MAJOR = 4;
const MINOR = 5;
const WANTED = 6;

const move = (dst: number, imm: number): Instruction => instruction(BPF.ALU | BPF.MOV | BPF.K, dst, { imm });
const copy = (dst: number, src: number): Instruction => instruction(BPF.ALU | BPF.MOV | BPF.X, dst, { src });
const and = (dst: number, imm: number): Instruction => instruction(BPF.ALU | BPF.AND | BPF.K, dst, { imm });
const exit = instruction(BPF.JMP | BPF.EXIT, 0);

/** `struct bpf_cgroup_dev_ctx`: access in the upper half of the first word and the type in the lower, major, minor. */
const PROLOGUE: readonly Instruction[] = [
  instruction(BPF.LDX | BPF.MEM | BPF.W, TYPE, { src: CONTEXT }),
  copy(ACCESS, TYPE),
  instruction(BPF.ALU | BPF.RSH | BPF.K, ACCESS, { imm: 16 }),
  and(TYPE, 0xffff),
  instruction(BPF.LDX | BPF.MEM | BPF.W, MAJOR, { src: CONTEXT, off: 4 }),
  instruction(BPF.LDX | BPF.MEM | BPF.W, MINOR, { src: CONTEXT, off: 8 }),
];

const TYPES = { b: BPF_DEVCG_DEV.BLOCK, c: BPF_DEVCG_DEV.CHAR } as const;

/**
 * A BPF_PROG_TYPE_CGROUP_DEVICE program for a cgroup v2: it returns 1 where cgroup v1 would let a device be used. Each
 * exception is a block that ends the program when it fits and is jumped over when not.
 */
export function deviceProgram({ allow, exceptions }: DeviceAccess): Uint8Array {
  return encode([...PROLOGUE, ...exceptions.flatMap((one) => block(one, allow)), move(R0, allow ? 1 : 0), exit]);
}

function block({ type, major, minor, access }: DeviceException, allow: boolean): Instruction[] {
  const bits =
    (access.includes("m") ? BPF_DEVCG_ACC.MKNOD : 0) |
    (access.includes("r") ? BPF_DEVCG_ACC.READ : 0) |
    (access.includes("w") ? BPF_DEVCG_ACC.WRITE : 0);
  const answer = [move(R0, allow ? 0 : 1), exit];
  // Allowed when everything that is wanted is in the exception; refused when any of it is.
  const accessCheck = allow
    ? [instruction(BPF.JMP | BPF.JSET | BPF.K, ACCESS, { imm: bits, off: 1 }), unconditional(answer.length)]
    : [
        copy(WANTED, ACCESS),
        and(WANTED, bits),
        instruction(BPF.JMP | BPF.JNE | BPF.X, WANTED, { src: ACCESS, off: answer.length }),
      ];
  const code = [...accessCheck, ...answer];
  const unless = (register: number, value: number): void => {
    code.unshift(instruction(BPF.JMP | BPF.JNE | BPF.K, register, { imm: value, off: code.length }));
  };
  if (minor >= 0) unless(MINOR, minor);
  if (major >= 0) unless(MAJOR, major);
  unless(TYPE, TYPES[type]);
  return code;
}

/** BPF_JA. */
const unconditional = (off: number): Instruction => instruction(BPF.JMP | BPF.JA, 0, { off });

const SIZE = 8;

function encode(code: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(code.length * SIZE);
  const view = new DataView(bytes.buffer);
  for (const [at, { code: opcode, dst, src, off, imm }] of code.entries()) {
    view.setUint8(at * SIZE, opcode);
    view.setUint8(at * SIZE + 1, (src << 4) | dst);
    view.setInt16(at * SIZE + 2, off, true);
    view.setInt32(at * SIZE + 4, imm, true);
  }
  return bytes;
}

/** The same back, for tests. */
export function decode(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / SIZE }, (_, at) => {
    const registers = view.getUint8(at * SIZE + 1);
    return {
      code: view.getUint8(at * SIZE),
      dst: registers & 15,
      src: registers >> 4,
      off: view.getInt16(at * SIZE + 2, true),
      imm: view.getInt32(at * SIZE + 4, true),
    };
  });
}
