import type { Condition } from "./policy.ts";
import { and, type Code, type Instruction, jump, load } from "./program.ts";

/** `struct seccomp_data`, linux/seccomp.h: nr, arch, instruction_pointer, then six 64-bit arguments. */
const ARGUMENTS = 16;
const low = (value: bigint): number => Number(value & 0xffff_ffffn);
const high = (value: bigint): number => Number((value >> 32n) & 0xffff_ffffn);

/** A jump whose ends are not known yet. */
type Open = (pass: number, fail: number) => Instruction;

/**
 * Falls through when the condition holds, and jumps over `beyond` instructions behind it when not.
 * @param wide whether arguments have 64 bits; of the 32-bit ABIs only the low half means something
 */
export function check({ index, op, value, valueTwo = 0n }: Condition, wide: boolean, beyond: number): Code {
  const negated = op === "SCMP_CMP_NE" || op === "SCMP_CMP_LT" || op === "SCMP_CMP_LE";
  const at = ARGUMENTS + 8 * index;
  const parts: (Instruction | Open)[] = [];
  if (op === "SCMP_CMP_MASKED_EQ") {
    const wanted = valueTwo & value;
    if (wide && high(value) !== 0) parts.push(load(at + 4), and(high(value)), equals(high(wanted)));
    parts.push(load(at), and(low(value)), (pass, fail) => jump("eq", low(wanted), pass, fail));
  } else if (op === "SCMP_CMP_EQ" || op === "SCMP_CMP_NE") {
    if (wide) parts.push(load(at + 4), equals(high(value)));
    parts.push(load(at), (pass, fail) => jump("eq", low(value), pass, fail));
  } else {
    // GT and LE ask the same question, as do GE and LT.
    const compare = op === "SCMP_CMP_GT" || op === "SCMP_CMP_LE" ? "gt" : "ge";
    if (wide) parts.push(load(at + 4), (pass) => jump("gt", high(value), pass, 0), equals(high(value)));
    parts.push(load(at), (pass, fail) => jump(compare, low(value), pass, fail));
  }
  return parts.map((part, position) => {
    if (typeof part !== "function") return part;
    const end = parts.length - 1 - position;
    return negated ? part(end + beyond, end) : part(end, end + beyond);
  });
}

/** Goes on when equal: the other half decides. */
const equals =
  (k: number): Open =>
  (_, fail) =>
    jump("eq", k, 0, fail);
