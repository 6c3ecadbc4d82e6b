import { CAP } from "../isolation/capabilities.const.ts";
import { takesErrno } from "./actions.ts";
import { PolicyError } from "./compile.ts";
import { ACTIONS, type Condition, FLAGS, MACHINE_ARCHITECTURES, OPERATORS } from "./policy.ts";
import type { Filter, KernelVersion, Profile, ProfileRule } from "./profile.ts";
import { isSyscall } from "./syscalls.ts";

/** Docker's own profile has 14 kB, 33 rules and 430 names. */
const MAX_TEXT = 1 << 20;
const MAX_RULES = 4096;
const MAX_NAMES = 65_536;
const MAX_ARGS = 32;
/** MAX_ERRNO of the kernel. */
const MAX_ERRNO = 4095n;
const MAX_U64 = (1n << 64n) - 1n;

/** What the file says and what of it does nothing here. */
export interface ParsedProfile {
  readonly profile: Profile;
  /** Allowed names that no Linux we know has: newer than this program, or misspelt. */
  readonly unknownNames: readonly string[];
}

/**
 * Reads a profile in Docker's JSON form, which is that of the OCI runtime specification with `archMap`, `includes` and
 * `excludes`. The file is anybody's: sizes are bounded, and a value or key that we do not know is an error naming its place.
 * An unknown system call is one as well, unless the rule only opens something: a filter that cannot refuse what it was
 * asked to is none.
 */
export function parseProfile(text: string): ParsedProfile {
  if (text.length > MAX_TEXT) throw new PolicyError(`The seccomp profile is too large: more than ${MAX_TEXT} bytes`);
  const root = objectAt(parseJson(text), "the profile", [
    "defaultAction",
    "defaultErrnoRet",
    "defaultErrno",
    "architectures",
    "archMap",
    "flags",
    "listenerPath",
    "listenerMetadata",
    "syscalls",
  ]);
  for (const key of ["listenerPath", "listenerMetadata"])
    if (root[key] !== undefined && root[key] !== "") bad(key, root[key], "nobody would listen there");
  if (root["architectures"] !== undefined && root["archMap"] !== undefined)
    throw new PolicyError('The seccomp profile has both "architectures" and "archMap": give one of them');
  const unknownNames: string[] = [];
  const rules = listAt(root["syscalls"], "syscalls", MAX_RULES).map((rule, at) =>
    ruleAt(rule, `syscalls[${at}]`, unknownNames),
  );
  const names = rules.reduce((sum, rule) => sum + rule.names.length, 0);
  if (names > MAX_NAMES)
    throw new PolicyError(`The seccomp profile names ${names} system calls; the most is ${MAX_NAMES}`);
  const flags = listAt(root["flags"], "flags", FLAGS.length).map((flag, at) => oneOf(FLAGS, flag, `flags[${at}]`));
  const defaultAction = oneOf(ACTIONS, root["defaultAction"], "defaultAction");
  return {
    profile: {
      defaultAction,
      ...errnoAt(root["defaultErrnoRet"], "defaultErrnoRet", defaultAction, "defaultErrnoRet"),
      architectures: architecturesOf(root),
      ...(flags.length > 0 && { flags }),
      syscalls: rules,
    },
    unknownNames: [...new Set(unknownNames)],
  };
}

function ruleAt(value: unknown, where: string, unknownNames: string[]): ProfileRule {
  // `errno` is a name beside errnoRet, as Podman's profile has it.
  const keys = ["names", "name", "action", "errnoRet", "errno", "args", "comment", "includes", "excludes"];
  const rule = objectAt(value, where, keys);
  if (rule["name"] !== undefined && rule["names"] !== undefined)
    throw new PolicyError(`${where} of the seccomp profile has both "name" and "names": give one of them`);
  const action = oneOf(ACTIONS, rule["action"], `${where}.action`);
  const list = rule["names"] ?? (rule["name"] === undefined ? undefined : [rule["name"]]);
  const names = listAt(list, `${where}.names`, MAX_NAMES).map((name, at) => {
    const text = textAt(name, `${where}.names[${at}]`);
    if (isSyscall(text)) return text;
    if (action !== "SCMP_ACT_ALLOW" && action !== "SCMP_ACT_LOG")
      bad(`${where}.names[${at}]`, text, "no such system call");
    unknownNames.push(text);
    return text;
  });
  const args = listAt(rule["args"], `${where}.args`, MAX_ARGS).map((arg, at) =>
    conditionAt(arg, `${where}.args[${at}]`),
  );
  return {
    names,
    action,
    ...errnoAt(rule["errnoRet"], `${where}.errnoRet`, action, "errnoRet"),
    ...(args.length > 0 && { args }),
    ...(rule["includes"] !== undefined && { includes: filterAt(rule["includes"], `${where}.includes`) }),
    ...(rule["excludes"] !== undefined && { excludes: filterAt(rule["excludes"], `${where}.excludes`) }),
  };
}

function conditionAt(value: unknown, where: string): Condition {
  const arg = objectAt(value, where, ["index", "value", "valueTwo", "op"]);
  const index = numberAt(arg["index"], `${where}.index`, 5n);
  return {
    index: Number(index),
    value: numberAt(arg["value"], `${where}.value`, MAX_U64),
    ...(arg["valueTwo"] !== undefined && { valueTwo: numberAt(arg["valueTwo"], `${where}.valueTwo`, MAX_U64) }),
    op: oneOf(OPERATORS, arg["op"], `${where}.op`),
  };
}

/** Machines as Docker's profile names them (moby/profiles, seccomp_linux.go). */
const MACHINES = (
  "x86 amd64 x32 arm arm64 loongarch64 mips mips64 mips64n32 mipsel mipsel64 mips3l64n32 ppc ppc64 ppc64le riscv64 s390 " +
  "s390x"
).split(" ");

function filterAt(value: unknown, where: string): Filter {
  const filter = objectAt(value, where, ["caps", "arches", "minKernel"]);
  const caps = listAt(filter["caps"], `${where}.caps`, 64).map((cap, at) => {
    const name = textAt(cap, `${where}.caps[${at}]`);
    return name.startsWith("CAP_") && Object.hasOwn(CAP, name.slice(4))
      ? name
      : bad(`${where}.caps[${at}]`, name, "no such capability");
  });
  const arches = listAt(filter["arches"], `${where}.arches`, 64).map((arch, at) =>
    oneOf(MACHINES, arch, `${where}.arches[${at}]`),
  );
  const minKernel = filter["minKernel"];
  return {
    ...(caps.length > 0 && { caps }),
    ...(arches.length > 0 && { arches }),
    ...(minKernel !== undefined && minKernel !== "" && { minKernel: kernelAt(minKernel, `${where}.minKernel`) }),
  };
}

function kernelAt(value: unknown, where: string): KernelVersion {
  const match = /^(\d{1,3})\.(\d{1,3})$/.exec(textAt(value, where));
  return match ? [Number(match[1]), Number(match[2])] : bad(where, value, 'as "4.8"');
}

/** libseccomp's names; those of other machines say nothing here. */
const ARCHITECTURES = (
  "SCMP_ARCH_NATIVE SCMP_ARCH_X86 SCMP_ARCH_X86_64 SCMP_ARCH_X32 SCMP_ARCH_ARM SCMP_ARCH_AARCH64 SCMP_ARCH_LOONGARCH64 " +
  "SCMP_ARCH_M68K SCMP_ARCH_MIPS SCMP_ARCH_MIPS64 SCMP_ARCH_MIPS64N32 SCMP_ARCH_MIPSEL SCMP_ARCH_MIPSEL64 " +
  "SCMP_ARCH_MIPSEL64N32 SCMP_ARCH_PPC SCMP_ARCH_PPC64 SCMP_ARCH_PPC64LE SCMP_ARCH_S390 SCMP_ARCH_S390X " +
  "SCMP_ARCH_PARISC SCMP_ARCH_PARISC64 SCMP_ARCH_RISCV64 SCMP_ARCH_SH SCMP_ARCH_SHEB"
).split(" ");

function architecturesOf(root: Record<string, unknown>): string[] {
  const named = listAt(root["architectures"], "architectures", 64).map((arch, at) =>
    oneOf(ARCHITECTURES, arch, `architectures[${at}]`),
  );
  for (const [at, entry] of listAt(root["archMap"], "archMap", 64).entries()) {
    const { architecture, subArchitectures } = objectAt(entry, `archMap[${at}]`, ["architecture", "subArchitectures"]);
    const main = oneOf(ARCHITECTURES, architecture, `archMap[${at}].architecture`);
    const sub = listAt(subArchitectures, `archMap[${at}].subArchitectures`, 64).map((arch, nth) =>
      oneOf(ARCHITECTURES, arch, `archMap[${at}].subArchitectures[${nth}]`),
    );
    if (main === MACHINE_ARCHITECTURES[0]) named.push(main, ...sub);
  }
  return MACHINE_ARCHITECTURES.filter((arch) => named.includes(arch));
}

/** A number in JSON, exactly as it is written: values have 64 bits. */
class Numeral {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
const exact: Reviver = (_, value, { source }) =>
  typeof value === "number" ? new Numeral(source ?? String(value)) : value;

function parseJson(text: string): unknown {
  try {
    // The third argument is ECMAScript 2026's; the compiler's library does not have it yet.
    return JSON.parse(text, exact as (this: unknown, key: string, value: unknown) => unknown);
  } catch (error) {
    throw new PolicyError(`The seccomp profile is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** An object with none but these keys; `null` is an empty one. */
function objectAt(value: unknown, where: string, keys: readonly string[]): Record<string, unknown> {
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value) || value instanceof Numeral)
    return bad(where, value, "no object");
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) throw new PolicyError(`Unknown key ${quoted(unknown)} in ${where} of the seccomp profile`);
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null));
}

function listAt(value: unknown, where: string, max: number): unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return bad(where, value, "no list");
  if (value.length > max)
    throw new PolicyError(`${where} of the seccomp profile has ${value.length} entries; the most is ${max}`);
  return value;
}

function textAt(value: unknown, where: string): string {
  return typeof value === "string" ? value : bad(where, value, "no text");
}

function numberAt(value: unknown, where: string, max: bigint): bigint {
  const number = value instanceof Numeral && /^\d{1,20}$/.test(value.source) ? BigInt(value.source) : undefined;
  return number === undefined || number > max ? bad(where, value, `a whole number 0 to ${max}`) : number;
}

function errnoAt<K extends string>(
  value: unknown,
  where: string,
  action: Profile["defaultAction"],
  key: K,
): { [P in K]?: number } {
  if (value === undefined) return {};
  if (!takesErrno(action)) {
    // Podman writes 0 beside actions that have no number.
    if (value instanceof Numeral && value.source === "0") return {};
    return bad(where, value, `${action} takes none`);
  }
  return { [key]: Number(numberAt(value, where, MAX_ERRNO)) } as { [P in K]?: number };
}

function oneOf<T extends string>(list: readonly T[], value: unknown, where: string): T {
  return list.find((entry) => entry === value) ?? bad(where, value, "unknown");
}

function bad(where: string, value: unknown, why: string): never {
  const text = value instanceof Numeral ? value.source : quoted(value);
  throw new PolicyError(`Invalid ${where} ${text} in the seccomp profile: ${why}`);
}

/** Shortened, and without control characters: it is shown on a terminal. */
function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "(absent)";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
