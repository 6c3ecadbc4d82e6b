/** Values that are one word or a pair of them. */

/** `name=value`, or a name alone, whose value is the caller's variable (left out when there is none). */
export function parseEnv(caller: Readonly<Record<string, string | undefined>>): (text: string) => string | undefined {
  return (text) => {
    const name = text.replace(/=.*/s, "");
    if (name === "") throw new Error("the variable has no name");
    if (text.includes("\0")) throw new Error("NUL in a variable");
    if (text.includes("=")) return text;
    return caller[name] === undefined ? undefined : `${name}=${caller[name]}`;
  };
}

/** `key=value` or `key`. */
export function parseLabel(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  const key = equals < 0 ? text : text.slice(0, equals);
  if (key === "") throw new Error("the label has no key");
  return [key, equals < 0 ? "" : text.slice(equals + 1)];
}

/** A host's name: RFC 1123 labels, 63 characters at most (the kernel's bound is 64). */
export function parseHostname(text: string): string {
  if (text.length > 63 || !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(text))
    throw new Error("need letters, digits, - and ., at most 63");
  return text;
}

/** `user[:group]`, each a name or a number; whether they exist is the root file system's to say. */
export function parseUser(text: string): string {
  if (!/^[^:\s]{1,256}(:[^:\s]{1,256})?$/.test(text)) throw new Error("need USER[:GROUP], names or numbers");
  return text;
}

export type RestartPolicy =
  | { readonly name: "no" | "always" | "unless-stopped"; readonly max: 0 }
  /** `max` 0 tries without end. */
  | { readonly name: "on-failure"; readonly max: number };

/** `no`, `always`, `unless-stopped`, `on-failure[:N]` */
export function parseRestart(text: string): RestartPolicy {
  if (text === "no" || text === "always" || text === "unless-stopped") return { name: text, max: 0 };
  const match = /^on-failure(?::(\d{1,6}))?$/.exec(text);
  if (!match) throw new Error("need no, always, unless-stopped or on-failure[:N]");
  return { name: "on-failure", max: Number(match[1] ?? 0) };
}

/** Names of prlimit(1). */
const RLIMITS = [
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
] as const;

export interface Ulimit {
  readonly name: (typeof RLIMITS)[number];
  /** -1 is no limit. */
  readonly soft: number;
  readonly hard: number;
}

/** `nofile=SOFT[:HARD]` */
export function parseUlimit(text: string): Ulimit {
  const match = /^([a-z]+)=(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(text);
  const name = RLIMITS.find((known) => known === match?.[1]);
  if (!match || name === undefined) throw new Error(`need NAME=SOFT[:HARD], NAME one of ${RLIMITS.join(" ")}`);
  const soft = Number(match[2]);
  const hard = Number(match[3] ?? match[2]);
  if (hard !== -1 && (soft === -1 || soft > hard)) throw new Error("the soft limit is above the hard one");
  return { name, soft, hard };
}

/**
 * A kernel parameter that a namespace of the container's own holds: `net.*`, `fs.mqueue.*`, and of `kernel.*` what belongs
 * to System V IPC. Everything else would be the host's (CVE-2022-0811).
 */
export function parseSysctl(text: string): readonly [string, string] {
  const match = /^([a-z0-9_.-]+)=([^\n\0]*)$/.exec(text);
  if (!match) throw new Error("need NAME=VALUE");
  const [, key = "", value = ""] = match;
  const parts = key.split(".");
  if (parts.some((part) => part === "") || parts.length < 2) throw new Error(`${JSON.stringify(key)} is no name`);
  if (!/^(net\.|fs\.mqueue\.|kernel\.(shm(all|max|mni|_rmid_forced)|msg(max|mnb|mni)|sem)$)/.test(key))
    throw new Error(`${key} belongs to the whole machine, not to a container`);
  return [key, value];
}

export interface DeviceSpec {
  readonly source: string;
  readonly target: string;
  /** Of `r`, `w`, `m`. */
  readonly access: string;
}

/** `HOST[:CONTAINER][:rwm]` */
export function parseDevice(text: string): DeviceSpec {
  const parts = text.split(":");
  const [source = "", second, third, ...more] = parts;
  const isAccess = (word: string | undefined): word is string => word !== undefined && /^[rwm]{1,3}$/.test(word);
  const target = second === undefined || (third === undefined && isAccess(second)) ? source : second;
  const access = third ?? (parts.length === 2 && isAccess(second) ? second : "rwm");
  if (!source.startsWith("/") || !target.startsWith("/") || !isAccess(access) || more.length > 0)
    throw new Error("need HOST[:CONTAINER][:rwm] with absolute paths");
  return { source, target, access };
}

/** One of a few words. */
export function oneOf<T extends string>(...words: readonly T[]): (text: string) => T {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw new Error(`need ${words.join(", ")}`);
    return found;
  };
}

/** Text that must not be empty. */
export function parseText(text: string): string {
  if (text === "" || text.includes("\0")) throw new Error("need a value");
  return text;
}
