import { describe, expect, test } from "bun:test";
import { AUDIT_ARCH, BPF, SECCOMP_RET } from "./bpf.const.ts";
import { compile, PolicyError } from "./compile.ts";
import { DEFAULT_PROFILE } from "./default-profile.ts";
import type { Policy } from "./policy.ts";
import { kernelVersion, resolve } from "./profile.ts";
import { decode, encode } from "./program.ts";
import { numberOf } from "./syscalls.ts";
import { filterOf, interpret } from "./testing/interpreter.ts";

const X86_64 = AUDIT_ARCH.X86_64;
const ERRNO = (errno: number): number => SECCOMP_RET.ERRNO | errno;
const defaultFor = (...capabilities: string[]) =>
  filterOf(compile(resolve(DEFAULT_PROFILE, { capabilities, kernel: [6, 18] })));

describe("the default filter", () => {
  const plain = defaultFor();
  const call = (name: string, ...args: bigint[]) => ({ nr: numberOf("x86-64", name) ?? -1, arch: X86_64, args });

  test.each([
    ["read", [], SECCOMP_RET.ALLOW],
    ["cachestat", [], SECCOMP_RET.ALLOW],
    ["mount", [], ERRNO(1)],
    ["keyctl", [], ERRNO(1)],
    ["io_uring_setup", [], ERRNO(1)],
    ["clone3", [], ERRNO(38)],
    ["clone", [0x11n], SECCOMP_RET.ALLOW],
    ["clone", [0x1000_0011n], ERRNO(1)],
    ["clone", [0x2_0000n], ERRNO(1)],
    ["personality", [0xffff_ffffn], SECCOMP_RET.ALLOW],
    ["personality", [4n], ERRNO(1)],
    ["socket", [2n], SECCOMP_RET.ALLOW],
    ["socket", [38n], ERRNO(1)],
    ["socket", [39n], SECCOMP_RET.ALLOW],
    ["socket", [40n], ERRNO(1)],
    ["socket", [41n], SECCOMP_RET.ALLOW],
  ] as const)("%s(%p)", (name, args, verdict) => {
    expect(plain(call(name, ...args))).toBe(verdict);
  });

  test("calls of a kernel newer than the profile answer ENOSYS, so that programs fall back", () => {
    const newest = Math.max(
      ...DEFAULT_PROFILE.syscalls.flatMap(({ names }) => names.map((name) => numberOf("x86-64", name) ?? 0)),
    );
    expect(plain({ nr: newest + 1, arch: X86_64 })).toBe(ERRNO(38));
    expect(plain({ nr: 9999, arch: X86_64 })).toBe(ERRNO(38));
  });

  test("capabilities open what is theirs", () => {
    const admin = defaultFor("CAP_SYS_ADMIN");
    expect(admin(call("mount"))).toBe(SECCOMP_RET.ALLOW);
    expect(admin(call("clone3"))).toBe(SECCOMP_RET.ALLOW);
    expect(admin(call("clone", 0x1000_0011n))).toBe(SECCOMP_RET.ALLOW);
    expect(plain(call("chroot"))).toBe(ERRNO(1));
    expect(defaultFor("CAP_SYS_CHROOT")(call("chroot"))).toBe(SECCOMP_RET.ALLOW);
  });

  test("32-bit and x32 programs are held to the same", () => {
    const i386 = (name: string, ...args: bigint[]) =>
      plain({ nr: numberOf("i386", name) ?? -1, arch: AUDIT_ARCH.I386, args });
    const x32 = (name: string, ...args: bigint[]) => plain({ nr: numberOf("x32", name) ?? -1, arch: X86_64, args });
    for (const abi of [i386, x32]) {
      expect(abi("read")).toBe(SECCOMP_RET.ALLOW);
      expect(abi("mount")).toBe(ERRNO(1));
      expect(abi("clone", 0x1000_0011n)).toBe(ERRNO(1));
    }
    expect(i386("mmap2")).toBe(SECCOMP_RET.ALLOW);
    expect(x32("ioctl")).toBe(SECCOMP_RET.ALLOW);
    // The number of x86-64's ioctl is none of x32.
    expect(plain({ nr: 0x4000_0000 + 16, arch: X86_64 })).toBe(ERRNO(1));
  });

  test("any call is decided in few steps, and the program has room", () => {
    const program = decode(compile(resolve(DEFAULT_PROFILE, { capabilities: [], kernel: [6, 18] })));
    expect(program.length).toBeLessThan(800);
    for (let nr = 0; nr < 600; nr++) expect(interpret(program, { nr, arch: X86_64 }).steps).toBeLessThan(30);
  });
});

describe("compiling", () => {
  const policy = (more: Partial<Policy>): Policy => ({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [], ...more });

  test.each([
    [{ defaultAction: "SCMP_ACT_KILL" }, SECCOMP_RET.KILL_THREAD],
    [{ defaultAction: "SCMP_ACT_KILL_PROCESS" }, SECCOMP_RET.KILL_PROCESS],
    [{ defaultAction: "SCMP_ACT_TRAP" }, SECCOMP_RET.TRAP],
    [{ defaultAction: "SCMP_ACT_LOG" }, SECCOMP_RET.LOG],
    [{ defaultAction: "SCMP_ACT_TRACE", defaultErrnoRet: 7 }, SECCOMP_RET.TRACE | 7],
    [{ defaultErrnoRet: 0 }, ERRNO(0)],
    [{}, ERRNO(1)],
  ] as const)("%j", (more, verdict) => {
    expect(filterOf(compile(policy(more)))({ nr: 0, arch: X86_64 })).toBe(verdict);
  });

  test("socketcall and ipc of 32-bit programs follow the call they stand for", () => {
    const filter = filterOf(
      compile(
        policy({
          architectures: ["SCMP_ARCH_X86"],
          syscalls: [
            { names: ["socket", "semop"], action: "SCMP_ACT_ALLOW" },
            { names: ["shmat"], action: "SCMP_ACT_ALLOW", args: [{ index: 2, op: "SCMP_CMP_EQ", value: 4n }] },
          ],
        }),
      ),
    );
    const i386 = (name: string, ...args: bigint[]) =>
      filter({ nr: numberOf("i386", name) ?? -1, arch: AUDIT_ARCH.I386, args });
    expect(i386("socket")).toBe(SECCOMP_RET.ALLOW);
    expect(i386("socketcall", 1n)).toBe(SECCOMP_RET.ALLOW);
    expect(i386("socketcall", 2n)).toBe(ERRNO(1));
    expect(i386("ipc", 1n)).toBe(SECCOMP_RET.ALLOW);
    expect(i386("ipc", 21n, 0n, 4n)).toBe(SECCOMP_RET.ALLOW);
    expect(i386("ipc", 21n, 0n, 5n)).toBe(ERRNO(1));
  });

  test("a program over the kernel's limit is an error, not a cut program", () => {
    const args = (value: number) => [{ index: 0, op: "SCMP_CMP_EQ", value: BigInt(value) }] as const;
    const syscalls = Array.from({ length: 1200 }, (_, value) => ({
      names: ["read"],
      action: "SCMP_ACT_ALLOW" as const,
      args: args(value),
    }));
    expect(() => compile(policy({ syscalls }))).toThrow(PolicyError);
    expect(decode(compile(policy({ syscalls: syscalls.slice(0, 700) }))).length).toBeLessThanOrEqual(BPF.MAXINSNS);
  });

  test("jumps over more than 255 instructions arrive", () => {
    const args = (value: number) => [{ index: 0, op: "SCMP_CMP_EQ", value: BigInt(value) }] as const;
    const syscalls = ["read", "write", "open", "close"].flatMap((name) =>
      Array.from({ length: 100 }, (_, value) => ({
        names: [name],
        action: "SCMP_ACT_ALLOW" as const,
        args: args(value),
      })),
    );
    const filter = filterOf(compile(policy({ syscalls })));
    for (let nr = 0; nr < 4; nr++) {
      expect(filter({ nr, arch: X86_64, args: [99n] })).toBe(SECCOMP_RET.ALLOW);
      expect(filter({ nr, arch: X86_64, args: [100n] })).toBe(ERRNO(1));
    }
  });

  test("bytes and instructions are the same thing", () => {
    const bytes = compile(policy({ syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW" }] }));
    expect(encode(decode(bytes))).toEqual(bytes);
    // BPF_LD | BPF_W | BPF_ABS of the architecture, at offset 4.
    expect([...bytes.slice(0, 8)]).toEqual([0x20, 0, 0, 0, 4, 0, 0, 0]);
  });

  test.each([
    ["6.12.4-amd64", [6, 12]],
    ["4.8", [4, 8]],
    ["5.10-rc1", [5, 10]],
    ["nonsense", [0, 0]],
  ] as const)("kernel %s", (release, version) => {
    expect(kernelVersion(release)).toEqual(version);
  });
});
