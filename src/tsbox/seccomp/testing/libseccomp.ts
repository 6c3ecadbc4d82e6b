/** Debian's libseccomp, driven as runc drives it: the judge of our compiler. */
import { dlopen, FFIType, type Pointer, ptr } from "bun:ffi";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { returnValue } from "../actions.ts";
import { type Condition, OPERATORS, type Policy } from "../policy.ts";

/** seccomp.h: SCMP_ARCH_*. */
export const TOKEN = { "x86-64": 0xc000003e, x32: 0x4000003e, i386: 0x40000003 } as const;
const TOKENS: Readonly<Record<string, number>> = {
  SCMP_ARCH_X86_64: TOKEN["x86-64"],
  SCMP_ARCH_X32: TOKEN.x32,
  SCMP_ARCH_X86: TOKEN.i386,
};

const SYMBOLS = {
  seccomp_init: { args: [FFIType.u32], returns: FFIType.ptr },
  seccomp_release: { args: [FFIType.ptr], returns: FFIType.void },
  seccomp_arch_add: { args: [FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  seccomp_syscall_resolve_name_arch: { args: [FFIType.u32, FFIType.ptr], returns: FFIType.i32 },
  seccomp_rule_add_array: {
    args: [FFIType.ptr, FFIType.u32, FFIType.i32, FFIType.u32, FFIType.ptr],
    returns: FFIType.i32,
  },
  seccomp_export_bpf: { args: [FFIType.ptr, FFIType.i32], returns: FFIType.i32 },
} as const;

function open() {
  try {
    return dlopen("libseccomp.so.2", SYMBOLS).symbols;
  } catch {
    return undefined;
  }
}
const library = open();

export const lacksLibseccomp = library ? undefined : "libseccomp.so.2 is not installed";

/** What the library has no name for on any architecture (__NR_SCMP_ERROR). */
const UNKNOWN = -1;

/** The library's number of a system call; negative where that ABI has none of the name. */
export function numberIn(token: number, name: string): number {
  const text = new TextEncoder().encode(`${name}\0`);
  return library?.seccomp_syscall_resolve_name_arch(token, ptr(text)) ?? UNKNOWN;
}

/** Whether this version of the library is new enough for a call. */
export const knows = (name: string): boolean => numberIn(TOKEN["x86-64"], name) !== UNKNOWN;

/** The library's program for a policy whose names it knows. */
export function compileWithLibseccomp(policy: Policy): Uint8Array {
  if (!library) throw new Error(lacksLibseccomp);
  const fallback = returnValue(policy.defaultAction, policy.defaultErrnoRet);
  const filter = library.seccomp_init(fallback);
  if (!filter) throw new Error("seccomp_init failed");
  try {
    for (const architecture of policy.architectures ?? []) {
      const status = library.seccomp_arch_add(filter, TOKENS[architecture] ?? 0);
      if (status !== 0 && status !== -17) throw new Error(`seccomp_arch_add ${architecture}: ${status}`);
    }
    for (const { names, action, errnoRet, args = [] } of policy.syscalls) {
      const value = returnValue(action, errnoRet);
      if (value === fallback) continue;
      const repeated = new Set(args.map(({ index }) => index)).size < args.length;
      for (const name of names)
        for (const conditions of repeated ? args.map((one) => [one]) : [args]) add(filter, value, name, conditions);
    }
    return exported(filter);
  } finally {
    library.seccomp_release(filter);
  }
}

function add(filter: Pointer | bigint, value: number, name: string, conditions: readonly Condition[]): void {
  const bytes = comparisons(conditions);
  const nr = numberIn(TOKEN["x86-64"], name);
  const status = library?.seccomp_rule_add_array(filter, value, nr, conditions.length, ptr(bytes));
  if (status !== 0) throw new Error(`seccomp_rule_add ${name}: ${status}`);
}

/** `struct scmp_arg_cmp`: argument, operator (SCMP_CMP_NE is 1), two values. */
function comparisons(conditions: readonly Condition[]): Uint8Array {
  const bytes = new Uint8Array(Math.max(24 * conditions.length, 24));
  const view = new DataView(bytes.buffer);
  for (const [at, { index, op, value, valueTwo = 0n }] of conditions.entries()) {
    view.setUint32(24 * at, index, true);
    view.setUint32(24 * at + 4, OPERATORS.indexOf(op) + 1, true);
    view.setBigUint64(24 * at + 8, value, true);
    view.setBigUint64(24 * at + 16, valueTwo, true);
  }
  return bytes;
}

function exported(filter: Pointer | bigint): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "libseccomp-"));
  try {
    const fd = openSync(join(folder, "bpf"), "w");
    const status = library?.seccomp_export_bpf(filter, fd);
    closeSync(fd);
    if (status !== 0) throw new Error(`seccomp_export_bpf: ${status}`);
    return new Uint8Array(readFileSync(join(folder, "bpf")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
