import { isOpen, returnValue } from "./actions.ts";
import { AUDIT_ARCH, BPF, SECCOMP_RET } from "./bpf.const.ts";
import { check } from "./conditions.ts";
import type { Condition, Policy } from "./policy.ts";
import { type Code, either, encode, load, ret } from "./program.ts";
import { type Abi, MULTIPLEXED, numberOf, X32_BIT } from "./syscalls.ts";

/** Raised when the way a policy is compiled changes: cached programs of before are not used any more. */
export const COMPILER = 1;

/** A policy that is no valid filter, in a sentence for the user. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}

/** Offsets in `struct seccomp_data`, linux/seccomp.h. */
const NR = 0;
const ARCH = 4;
const ENOSYS = 38;
const MAX_NR = 0xffff_ffff;

/** What a filter says about a call when the arguments matter: the first alternative whose conditions all hold. */
interface Verdict {
  readonly alternatives: readonly { readonly conditions: readonly Condition[]; readonly value: number }[];
  readonly otherwise: number;
  readonly wide: boolean;
}

/** From this number up to the next segment's. */
interface Segment {
  readonly from: number;
  readonly verdict: number | Verdict;
}

/**
 * Compiles a policy to a classic BPF program for seccomp(2), as libseccomp and runc do together: rules of the default
 * action are left out, a rule without conditions beats those with, and calls newer than the newest that the policy names
 * answer ENOSYS, so that programs fall back to what they used before. Of contradicting rules with conditions the first
 * that holds decides. Numbers are found by binary search: some ten comparisons for any call.
 */
export function compile(policy: Policy): Uint8Array {
  const architectures = new Set(policy.architectures);
  const x32 = architectures.has("SCMP_ARCH_X32");
  // A foreign architecture: what libseccomp's default for it is.
  let code: Code = [ret(SECCOMP_RET.KILL_THREAD)];
  if (architectures.has("SCMP_ARCH_X86"))
    code = either("eq", AUDIT_ARCH.I386, [load(NR), ...search(i386Segments(policy))], code);
  code = either("eq", AUDIT_ARCH.X86_64, [load(NR), ...search(x86Segments(policy, x32))], code);
  const program = [load(ARCH), ...code];
  if (program.length > BPF.MAXINSNS)
    throw new PolicyError(
      `The seccomp profile is too large: ${program.length} instructions, the kernel takes ${BPF.MAXINSNS}`,
    );
  return encode(program);
}

function i386Segments(policy: Policy): Segment[] {
  return segments(policy, verdicts(policy, "i386"), 0, MAX_NR);
}

/** x86-64 and x32 are one architecture to the kernel; bit 30 of the number tells them apart. */
function x86Segments(policy: Policy, x32: boolean): Segment[] {
  const own = segments(policy, verdicts(policy, "x86-64"), 0, X32_BIT - 1);
  // As libseccomp: an ABI that is not in the filter kills; -1 is a call that a tracer skipped.
  const killed = SECCOMP_RET.KILL_THREAD;
  const other: Segment[] = x32
    ? segments(policy, verdicts(policy, "x32"), X32_BIT, 2 * X32_BIT - 1)
    : [{ from: X32_BIT, verdict: killed }];
  const ownLast = own.at(-1)?.verdict ?? killed;
  return [
    ...own,
    ...other,
    { from: 2 * X32_BIT, verdict: x32 || ownLast === ENOSYS_VALUE ? ownLast : killed },
    { from: 3 * X32_BIT, verdict: other.at(-1)?.verdict ?? killed },
    ...(x32 ? [] : [{ from: MAX_NR, verdict: returnValue(policy.defaultAction, policy.defaultErrnoRet) }]),
  ];
}

const ENOSYS_VALUE = (SECCOMP_RET.ERRNO | ENOSYS) >>> 0;

/** What the policy says about each number it names, and the largest of them; -1 when it names none. */
interface Named {
  readonly verdicts: ReadonlyMap<number, number | Verdict>;
  readonly largest: number;
}

function verdicts(policy: Policy, abi: Abi): Named {
  const otherwise = returnValue(policy.defaultAction, policy.defaultErrnoRet);
  const found = new Map<number, number | Verdict>();
  let largest = -1;
  const add = (nr: number, conditions: readonly Condition[], value: number): void => {
    const before = found.get(nr);
    if (typeof before === "number" || value === otherwise) return;
    if (conditions.length === 0) found.set(nr, value);
    else
      found.set(nr, {
        alternatives: [...(before?.alternatives ?? []), { conditions, value }],
        otherwise,
        wide: abi === "x86-64",
      });
  };
  for (const { names, action, errnoRet, args = [] } of policy.syscalls) {
    const value = returnValue(action, errnoRet);
    for (const name of names) {
      const nr = numberOf(abi, name);
      const way = abi === "i386" ? MULTIPLEXED.get(name) : undefined;
      const multiplexer = way && numberOf(abi, way.through);
      largest = Math.max(largest, nr ?? -1, multiplexer ?? -1);
      for (const conditions of alternativesOf(args)) {
        if (nr !== undefined) add(nr, conditions, value);
        if (multiplexer !== undefined) add(multiplexer, throughMultiplexer(conditions, way?.call ?? 0), value);
      }
    }
  }
  return { verdicts: found, largest };
}

/** Conditions all hold together, unless two are on one argument: then each is a rule of its own, as in runc. */
function alternativesOf(args: readonly Condition[]): readonly (readonly Condition[])[] {
  const indexes = new Set(args.map(({ index }) => index));
  return indexes.size === args.length ? [args] : args.map((condition) => [condition]);
}

/** Argument 0 of socketcall(2) and ipc(2) says which call it is. */
function throughMultiplexer(conditions: readonly Condition[], call: number): Condition[] {
  const rest = conditions.filter(({ index }) => index !== 0);
  return [{ index: 0, op: "SCMP_CMP_EQ", value: BigInt(call) }, ...rest];
}

/** The numbers `first` to `last`, in order, neighbours of one verdict together. */
function segments(policy: Policy, { verdicts: named, largest }: Named, first: number, last: number): Segment[] {
  const otherwise = returnValue(policy.defaultAction, policy.defaultErrnoRet);
  const list: Segment[] = [];
  const add = (from: number, verdict: number | Verdict): void => {
    if (list.at(-1)?.verdict !== verdict) list.push({ from, verdict });
  };
  add(first, otherwise);
  for (const [nr, verdict] of [...named].sort(([a], [b]) => a - b)) {
    if (list.at(-1)?.from === nr) list.pop();
    add(nr, verdict);
    if (nr < last) add(nr + 1, otherwise);
  }
  if (largest >= first && largest < last && !isOpen(policy.defaultAction)) {
    if (list.at(-1)?.from === largest + 1) list.pop();
    add(largest + 1, ENOSYS_VALUE);
  }
  return list;
}

/** A binary search for the segment of the number that is loaded; every way ends in a return. */
function search(list: readonly Segment[]): Code {
  const [only] = list;
  if (only !== undefined && list.length === 1)
    return typeof only.verdict === "number" ? [ret(only.verdict)] : decide(only.verdict);
  const middle = list.length >> 1;
  const right = list.slice(middle);
  return either("ge", right[0]?.from ?? 0, search(right), search(list.slice(0, middle)));
}

function decide({ alternatives, otherwise, wide }: Verdict): Code {
  return [...alternatives.flatMap((alternative) => attempt(alternative, wide)), ret(otherwise)];
}

/** One alternative: returns its value when all conditions hold, falls through when one does not. */
function attempt({ conditions, value }: Verdict["alternatives"][number], wide: boolean): Code {
  let code: Code = [ret(value)];
  for (const condition of [...conditions].reverse()) code = check(condition, wide, code.length).concat(code);
  return code;
}
