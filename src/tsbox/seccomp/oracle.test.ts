/** Our programs say the same as libseccomp's, for every system call and what its arguments may be. */
import { describe, expect } from "bun:test";
import fc from "fast-check";
import { testUnless } from "../../../netns-tests/support/skip.ts";
import { CAP } from "../isolation/capabilities.const.ts";
import { returnValue } from "./actions.ts";
import { AUDIT_ARCH, SECCOMP_RET } from "./bpf.const.ts";
import { compile } from "./compile.ts";
import { DEFAULT_PROFILE } from "./default-profile.ts";
import { type Condition, OPERATORS, type Policy, type PolicyRule } from "./policy.ts";
import { resolve } from "./profile.ts";
import { type Abi, MULTIPLEXED, numberOf } from "./syscalls.ts";
import { type Call, filterOf } from "./testing/interpreter.ts";
import { compileWithLibseccomp, knows, lacksLibseccomp, numberIn, TOKEN } from "./testing/libseccomp.ts";

const ABIS: readonly Abi[] = ["x86-64", "x32", "i386"];
const archOf = (abi: Abi): number => (abi === "i386" ? AUDIT_ARCH.I386 : AUDIT_ARCH.X86_64);
const X32_BIT = 0x4000_0000;
const ENOSYS = SECCOMP_RET.ERRNO | 38;
const ALL_THREE = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"];

/** Only the names this version of the library has. */
const known = (policy: Policy): Policy => ({
  ...policy,
  syscalls: policy.syscalls.map((rule) => ({ ...rule, names: rule.names.filter(knows) })),
});

/** As runc puts it before the library's program: calls newer than the newest that is named answer ENOSYS. */
function withStub(policy: Policy, judge: (call: Call) => number): (call: Call) => number {
  if (policy.defaultAction !== "SCMP_ACT_ERRNO") return judge;
  const names = policy.syscalls.flatMap((rule) => rule.names);
  const through = (name: string): string => MULTIPLEXED.get(name)?.through ?? name;
  const largest = (abi: Abi): number =>
    Math.max(-1, ...[...names, ...(abi === "i386" ? names.map(through) : [])].map((name) => numberOf(abi, name) ?? -1));
  const [x86, x32, i386] = [largest("x86-64"), largest("x32"), largest("i386")];
  const isOver = (nr: number, last: number): boolean => last >= 0 && nr > last;
  const has = (name: string): boolean => policy.architectures?.includes(name) ?? false;
  return (call) => {
    const isX32 = (call.nr & X32_BIT) !== 0;
    const stubbed =
      call.arch === AUDIT_ARCH.I386
        ? has("SCMP_ARCH_X86") && isOver(call.nr, i386)
        : call.arch === AUDIT_ARCH.X86_64 &&
          (isX32 ? has("SCMP_ARCH_X32") && isOver(call.nr, x32) : isOver(call.nr, x86));
    return stubbed ? ENOSYS : judge(call);
  };
}

/** Values around those a condition asks for, and with bits above the 32 that the older ABIs have. */
function around({ value, valueTwo = 0n }: Condition): bigint[] {
  const near = [value, valueTwo, value | valueTwo, valueTwo & value].flatMap((v) => [v - 1n, v, v + 1n]);
  return [...near, ...near.map((v) => v ^ (1n << 32n)), ...near.map((v) => v ^ (1n << 63n))].map((v) =>
    BigInt.asUintN(64, v),
  );
}

/** Numbers of a policy's rules in each ABI, with arguments that the rules care for. */
function* namedCalls(policy: Policy): Generator<Call> {
  const conditionsOf = new Map<string, Condition[]>();
  for (const { names, args = [] } of policy.syscalls)
    for (const name of names) conditionsOf.set(name, [...(conditionsOf.get(name) ?? []), ...args]);
  for (const abi of ABIS)
    for (const [name, conditions] of conditionsOf) {
      const nr = numberOf(abi, name);
      if (nr === undefined) continue;
      for (const near of [nr - 1, nr, nr + 1]) yield { nr: near >>> 0, arch: archOf(abi) };
      // Once with all conditions of EQ met, so that those of one rule together are.
      const met = Array.from({ length: 6 }, (_, at) => conditions.find(({ index }) => index === at)?.value ?? 0n);
      for (const condition of conditions)
        for (const value of around(condition))
          for (const base of [met, met.map(() => 0n)])
            yield { nr, arch: archOf(abi), args: base.map((arg, at) => (at === condition.index ? value : arg)) };
    }
  const odd = [0x3fff_ffff, 0x4000_0000, 0x7fff_ffff, 0x8000_0000, 0xbfff_ffff, 0xc000_0000, 0xffff_fffe, 0xffff_ffff];
  for (const arch of [AUDIT_ARCH.X86_64, AUDIT_ARCH.I386, 0xc00000b7, 0, 0xffff_ffff])
    for (const nr of odd) yield { nr, arch };
  // socketcall(2) and ipc(2) say in argument 0 which call is meant.
  for (const nr of [102, 117]) for (let n = 0n; n < 30n; n++) yield { nr, arch: AUDIT_ARCH.I386, args: [n, n, n, n] };
}

/** Every number there could be. */
function* allCalls(): Generator<Call> {
  for (const abi of ABIS) {
    const base = abi === "x32" ? X32_BIT : 0;
    for (let nr = base; nr < base + 600; nr++) yield { nr, arch: archOf(abi) };
  }
}

type Judge = (call: Call) => number;

function expectEqual(policy: Policy, calls: Iterable<Call>, judge: Judge): number {
  const ours = filterOf(compile(policy));
  let count = 0;
  for (const call of calls) {
    const [is, should] = [ours(call), judge(call)];
    const what = `call ${call.nr} of 0x${call.arch.toString(16)} (${call.args ?? ""})`;
    if (is !== should) throw new Error(`${what}: ${is.toString(16)}, not ${should.toString(16)}`);
    count++;
  }
  return count;
}

const libseccomp = (policy: Policy): Judge => withStub(policy, filterOf(compileWithLibseccomp(policy)));

/** What the words of a policy mean: the first rule whose conditions hold, those without conditions before the others. */
function meaning(policy: Policy): Judge {
  const fallback = returnValue(policy.defaultAction, policy.defaultErrnoRet);
  return ({ nr, arch, args = [] }) => {
    const abi = arch === AUDIT_ARCH.I386 ? "i386" : (nr & X32_BIT) === 0 ? "x86-64" : "x32";
    const rules = policy.syscalls.filter(({ names }) => names.some((name) => numberIn(TOKEN[abi], name) === nr));
    const rule =
      rules.find(({ args: conditions = [] }) => conditions.length === 0) ??
      rules.find(({ args: conditions = [] }) => {
        const hold = conditions.map((condition) => holds(condition, args[condition.index] ?? 0n, abi === "x86-64"));
        const isRepeated = new Set(conditions.map(({ index }) => index)).size < conditions.length;
        return isRepeated ? hold.includes(true) : !hold.includes(false);
      });
    return rule ? returnValue(rule.action, rule.errnoRet) : fallback;
  };
}

function holds({ op, value, valueTwo = 0n }: Condition, argument: bigint, wide: boolean): boolean {
  const cut = (v: bigint): bigint => BigInt.asUintN(wide ? 64 : 32, v);
  const [is, wanted] = [cut(argument), cut(value)];
  if (op === "SCMP_CMP_EQ") return is === wanted;
  if (op === "SCMP_CMP_NE") return is !== wanted;
  if (op === "SCMP_CMP_LT") return is < wanted;
  if (op === "SCMP_CMP_LE") return is <= wanted;
  if (op === "SCMP_CMP_GT") return is > wanted;
  if (op === "SCMP_CMP_GE") return is >= wanted;
  return (is & wanted) === (cut(valueTwo) & wanted);
}

const caps = Object.keys(CAP).map((name) => `CAP_${name}`);

describe("libseccomp as the judge", () => {
  testUnless(lacksLibseccomp, "system calls have the numbers of libseccomp in each ABI", () => {
    let count = 0;
    for (const abi of ABIS)
      for (const name of DEFAULT_PROFILE.syscalls.flatMap((rule) => rule.names).filter(knows)) {
        const nr = numberIn(TOKEN[abi], name);
        // The library has numbers of its own, below zero, for what socketcall and ipc lead to.
        if (abi === "i386" && MULTIPLEXED.has(name) && nr < 0) continue;
        expect([abi, name, numberOf(abi, name)]).toEqual([abi, name, nr >= 0 ? nr : undefined]);
        count++;
      }
    expect(count).toBeGreaterThan(1000);
  });

  const expectAsLibseccomp = (policy: Policy): number =>
    expectEqual(policy, [...allCalls(), ...namedCalls(policy)], libseccomp(policy));

  for (const [name, capabilities] of [
    ["no capability", []],
    ["all capabilities", caps],
    ["CAP_SYS_ADMIN alone", ["CAP_SYS_ADMIN"]],
    ["all but CAP_SYS_ADMIN", caps.filter((cap) => cap !== "CAP_SYS_ADMIN")],
  ] as const)
    testUnless(lacksLibseccomp, `Docker's default profile with ${name}`, () => {
      const policy = known(resolve(DEFAULT_PROFILE, { capabilities, kernel: [6, 18] }));
      expect(expectAsLibseccomp(policy)).toBeGreaterThan(1800);
    });

  testUnless(lacksLibseccomp, "Docker's default profile on kernels before and after 4.8", () => {
    for (const kernel of [
      [4, 7],
      [4, 8],
    ] as const)
      expectAsLibseccomp(known(resolve(DEFAULT_PROFILE, { capabilities: ["CAP_SYS_CHROOT"], kernel })));
  });

  for (const architectures of [[], ["SCMP_ARCH_X86_64"], ["SCMP_ARCH_X86"], ["SCMP_ARCH_X32"], ALL_THREE]) {
    const name = architectures.join(", ") || "no named architecture";
    // Several rules with conditions on one call are not asked for: libseccomp 2.5 loses some of them (see below).
    testUnless(lacksLibseccomp, `one rule for a call, for ${name}`, () => {
      fc.assert(
        fc.property(oneRuleEach, fc.constantFrom(...CLOSED_OR_OPEN), (syscalls, [defaultAction, action]) => {
          const policy: Policy = {
            defaultAction,
            architectures,
            syscalls: syscalls.map((rule) => ({ ...rule, action })),
          };
          expectEqual(policy, namedCalls(policy), libseccomp(policy));
        }),
        { numRuns: 15 },
      );
    });
  }

  testUnless(lacksLibseccomp, "a rule without conditions beats those with, whatever their order and action", () => {
    const args: Condition[] = [{ index: 0, op: "SCMP_CMP_EQ", value: 5n }];
    const some: PolicyRule = { names: ["read", "ioctl"], action: "SCMP_ACT_TRAP", args };
    const any: PolicyRule = { names: ["read", "ioctl"], action: "SCMP_ACT_LOG" };
    const fallback: PolicyRule = { names: ["read"], action: "SCMP_ACT_ERRNO", errnoRet: 1 };
    for (const syscalls of [
      [some, any],
      [any, some],
      [fallback, some],
      [some, fallback],
    ])
      expectAsLibseccomp({ defaultAction: "SCMP_ACT_ERRNO", architectures: ALL_THREE, syscalls });
  });
});

describe("the words of a policy as the judge", () => {
  // libseccomp 2.5.4 answers ALLOW to `arg1 < 1` here: with the second rule in, it asks for `arg2` first.
  testUnless(lacksLibseccomp, "two rules that overlap", () => {
    const policy: Policy = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [
        { names: ["read"], action: "SCMP_ACT_TRAP", args: [{ index: 1, op: "SCMP_CMP_LT", value: 1n }] },
        {
          names: ["read"],
          action: "SCMP_ACT_TRAP",
          args: [
            { index: 1, op: "SCMP_CMP_LE", value: 0n },
            { index: 2, op: "SCMP_CMP_NE", value: 1n },
          ],
        },
      ],
    };
    const call: Call = { nr: 0, arch: AUDIT_ARCH.X86_64, args: [0n, 0n, 1n] };
    expect(filterOf(compile(policy))(call)).toBe(SECCOMP_RET.TRAP);
    expect(filterOf(compileWithLibseccomp(policy))(call)).toBe(SECCOMP_RET.ALLOW);
  });

  testUnless(lacksLibseccomp, "any rules", () => {
    fc.assert(
      fc.property(anyRules, (syscalls) => {
        const policy: Policy = { defaultAction: "SCMP_ACT_ALLOW", architectures: ALL_THREE, syscalls };
        const judge = meaning(policy);
        const asked = [...namedCalls(policy)].filter(
          ({ nr, arch }) => ABIS.some((abi) => archOf(abi) === arch) && nr !== 102 && nr !== 117,
        );
        expectEqual(policy, asked, judge);
      }),
      { numRuns: 40 },
    );
  });
});

const CLOSED_OR_OPEN = [
  ["SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW"],
  ["SCMP_ACT_ALLOW", "SCMP_ACT_KILL_PROCESS"],
] as const;

/** Calls of every kind: common, with another number in x32, absent from it, in i386 alone, new. */
const NAMES = ["read", "ioctl", "clone", "sendmsg", "recvmmsg", "uselib", "mmap2", "openat2"];
const value = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    5n,
    0x7fff_ffffn,
    0x8000_0000n,
    0xffff_ffffn,
    0x1_0000_0000n,
    0x1_0000_0005n,
    (1n << 64n) - 1n,
  ),
  fc.bigInt(0n, (1n << 64n) - 1n),
);
const condition: fc.Arbitrary<Condition> = fc.record({
  index: fc.integer({ min: 0, max: 5 }),
  op: fc.constantFrom(...OPERATORS),
  value,
  valueTwo: value,
});
/**
 * Each call in one rule at most, and calls that every ABI has: for others libseccomp 2.5.4 makes programs that compare a
 * number they never loaded (semop for SCMP_ARCH_X86, uselib for SCMP_ARCH_X32).
 */
const oneRuleEach = fc
  .tuple(
    fc.shuffledSubarray(["read", "ioctl", "clone", "recvmmsg", "openat2", "preadv"], { minLength: 1 }),
    fc.array(fc.uniqueArray(condition, { maxLength: 3, selector: ({ index }) => index }), {
      minLength: 6,
      maxLength: 6,
    }),
  )
  .map(([list, args]) => list.map((name, at) => ({ names: [name], args: args[at] ?? [] })));
const anyRules: fc.Arbitrary<PolicyRule[]> = fc.array(
  fc.record({
    names: fc.array(fc.constantFrom(...NAMES.filter((name) => !MULTIPLEXED.has(name))), { minLength: 1, maxLength: 3 }),
    action: fc.constantFrom("SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP", "SCMP_ACT_LOG"),
    args: fc.array(condition, { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 6 },
);
