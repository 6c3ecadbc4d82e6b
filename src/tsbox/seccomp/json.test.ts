import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AUDIT_ARCH, SECCOMP_RET } from "./bpf.const.ts";
import { compile, PolicyError } from "./compile.ts";
import { parseProfile } from "./json.ts";
import { resolve } from "./profile.ts";
import { filterOf } from "./testing/interpreter.ts";

const parse = (value: unknown) => parseProfile(JSON.stringify(value));
const closed = (rule: object) => ({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [rule] });
const open = (rule: object) => ({ defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ action: "SCMP_ACT_ERRNO", ...rule }] });

describe("a profile in Docker's JSON", () => {
  test("everything it can have", () => {
    const { profile, unknownNames } = parse({
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      defaultErrno: "ENOSYS",
      archMap: [
        { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
        { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] },
        { architecture: "SCMP_ARCH_RISCV64", subArchitectures: null },
      ],
      flags: ["SECCOMP_FILTER_FLAG_LOG"],
      syscalls: [
        {
          names: ["read", "riscv_hwprobe", "brand_new"],
          action: "SCMP_ACT_ALLOW",
          args: null,
          comment: "x",
          includes: {},
          excludes: {},
        },
        {
          name: "mount",
          action: "SCMP_ACT_ERRNO",
          errnoRet: 13,
          errno: "EACCES",
          includes: { caps: ["CAP_SYS_ADMIN"], arches: ["amd64"], minKernel: "4.8" },
        },
        {
          names: ["clone"],
          action: "SCMP_ACT_KILL_PROCESS",
          errnoRet: 0,
          args: [{ index: 0, value: 2114060288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
          excludes: { arches: ["s390x"] },
        },
      ],
    });
    expect(unknownNames).toEqual(["brand_new"]);
    expect(profile).toEqual({
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
      flags: ["SECCOMP_FILTER_FLAG_LOG"],
      syscalls: [
        { names: ["read", "riscv_hwprobe", "brand_new"], action: "SCMP_ACT_ALLOW", includes: {}, excludes: {} },
        {
          names: ["mount"],
          action: "SCMP_ACT_ERRNO",
          errnoRet: 13,
          includes: { caps: ["CAP_SYS_ADMIN"], arches: ["amd64"], minKernel: [4, 8] },
        },
        {
          names: ["clone"],
          action: "SCMP_ACT_KILL_PROCESS",
          args: [{ index: 0, value: 0x7e02_0000n, valueTwo: 0n, op: "SCMP_CMP_MASKED_EQ" }],
          excludes: { arches: ["s390x"] },
        },
      ],
    });
  });

  test("a value keeps all of its 64 bits", () => {
    const text = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_TRAP",
      "args":[{"index":2,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}`;
    const { profile } = parseProfile(text);
    expect(profile.syscalls[0]?.args?.[0]?.value).toBe((1n << 64n) - 1n);
    const filter = filterOf(compile(resolve(profile, { capabilities: [], kernel: [6, 18] })));
    const call = (value: bigint) => filter({ nr: 0, arch: AUDIT_ARCH.X86_64, args: [0n, 0n, value] });
    expect(call((1n << 64n) - 1n)).toBe(SECCOMP_RET.TRAP);
    expect(call((1n << 64n) - 2n)).toBe(SECCOMP_RET.ALLOW);
  });

  test.each([
    ["nonsense", /no JSON/],
    ["[]", /the profile \[\].*no object/],
    ["{}", /defaultAction \(absent\).*unknown/],
    [`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":${"[".repeat(100_000)}`, /no JSON/],
    [" ".repeat((1 << 20) + 1), /too large/],
  ])("text %#", (text, message) => {
    expect(() => parseProfile(text)).toThrow(message);
  });

  test.each([
    [{ defaultAction: "SCMP_ACT_NOTIFY" }, /defaultAction "SCMP_ACT_NOTIFY"/],
    [{ defaultAction: "ALLOW" }, /defaultAction "ALLOW"/],
    [{ defaultAction: "SCMP_ACT_ALLOW", syscall: [] }, /Unknown key "syscall" in the profile/],
    [{ defaultAction: "SCMP_ACT_ALLOW", syscalls: {} }, /syscalls .*no list/],
    [{ defaultAction: "SCMP_ACT_ALLOW", defaultErrnoRet: 5 }, /defaultErrnoRet 5/],
    [{ defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 4096 }, /defaultErrnoRet 4096/],
    [{ defaultAction: "SCMP_ACT_ALLOW", architectures: ["x86"] }, /architectures\[0\] "x86"/],
    [{ defaultAction: "SCMP_ACT_ALLOW", architectures: [], archMap: [] }, /both "architectures" and "archMap"/],
    [{ defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"] }, /flags\[0\]/],
    [{ defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/run/x" }, /listenerPath/],
    [open({ names: ["raed"] }), /syscalls\[0\].names\[0\] "raed".*no such system call/],
    [open({ names: ["read"], arg: [] }), /Unknown key "arg" in syscalls\[0\]/],
    [open({ names: ["read"], name: "write" }), /both "name" and "names"/],
    [open({ names: "read" }), /names "read".*no list/],
    [open({ names: [1] }), /names\[0\] 1/],
    [open({ names: ["read"], action: undefined }), /action \(absent\)/],
    [open({ names: ["read"], errnoRet: -1 }), /errnoRet -1/],
    [open({ names: ["read"], errnoRet: 1.5 }), /errnoRet 1.5/],
    [open({ names: ["read"], action: "SCMP_ACT_KILL", errnoRet: 5 }), /errnoRet 5.*takes none/],
    [open({ names: ["read"], args: [{ index: 6, value: 0, op: "SCMP_CMP_EQ" }] }), /args\[0\].index 6/],
    [open({ names: ["read"], args: [{ index: 0, value: -1, op: "SCMP_CMP_EQ" }] }), /args\[0\].value -1/],
    [open({ names: ["read"], args: [{ index: 0, value: 1e21, op: "SCMP_CMP_EQ" }] }), /args\[0\].value 1e\+21/],
    [open({ names: ["read"], args: [{ index: 0, value: 0, op: "EQ" }] }), /args\[0\].op "EQ"/],
    [open({ names: ["read"], includes: { caps: ["CAP_NOTHING"] } }), /caps\[0\] "CAP_NOTHING"/],
    [open({ names: ["read"], includes: { caps: ["CAP_toString"] } }), /caps\[0\]/],
    [open({ names: ["read"], includes: { arches: ["vax"] } }), /arches\[0\] "vax"/],
    [open({ names: ["read"], includes: { minKernel: "5" } }), /minKernel "5"/],
    [closed({ names: ["__proto__"], action: "SCMP_ACT_TRAP" }), /no such system call/],
  ])("%j is refused", (value, message) => {
    expect(() => parse(value)).toThrow(PolicyError);
    expect(() => parse(value)).toThrow(message);
  });

  test("what is shown of a bad value is short and has no control characters", () => {
    const message = (() => {
      try {
        return String(parse({ defaultAction: `\u001b[2J${"x".repeat(1000)}` }));
      } catch (error) {
        return String(error);
      }
    })();
    expect(message).not.toContain("\u001b");
    expect(message.length).toBeLessThan(200);
  });

  test("counts are bounded", () => {
    const many = Array.from({ length: 20_000 }, () => "read");
    expect(() =>
      parse({
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: Array.from({ length: 4 }, () => ({ names: many, action: "SCMP_ACT_TRAP" })),
      }),
    ).toThrow(/names 80000 system calls/);
    expect(() =>
      parse({ defaultAction: "SCMP_ACT_ALLOW", syscalls: Array.from({ length: 5000 }, () => ({})) }),
    ).toThrow(/5000 entries/);
  });

  test("any JSON is a profile or a PolicyError", () => {
    const words = fc.constantFrom(
      "SCMP_ACT_ALLOW",
      "SCMP_ACT_ERRNO",
      "read",
      "CAP_KILL",
      "SCMP_CMP_EQ",
      "amd64",
      "4.8",
    );
    const keys = fc.constantFrom(
      "defaultAction",
      "syscalls",
      "names",
      "action",
      "args",
      "index",
      "value",
      "op",
      "includes",
      "caps",
      "arches",
      "errnoRet",
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        words,
        fc.integer(),
        fc.constant(null),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(keys, tie("tree"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(keys, tree, { maxKeys: 5 }), (value) => {
        try {
          compile(
            resolve(parse({ defaultAction: "SCMP_ACT_ERRNO", ...value }).profile, { capabilities: [], kernel: [6, 1] }),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
