/**
 * What looking finds. Names, comments and labels in here come from containers and state files: they are cut to a bounded
 * length, and nothing else is done to them, so whoever prints them escapes them for where they go.
 */

/** Something that could not be seen, or looks wrong; the rest was looked at all the same. */
export interface Remark {
  /** What it is about: a path, a process, a part of a namespace. */
  readonly about: string;
  readonly text: string;
}

/** One way to open a namespace. The path is good only as long as what it goes through, so identity is checked after opening. */
export interface Handle {
  /** `named`: by `ip netns` (/run/netns/NAME) · `mounted`: bound elsewhere · then what holds it open. */
  readonly kind: "named" | "mounted" | "process" | "thread" | "descriptor";
  /** For people: the path in its own mount namespace, `process 12`, `thread 13 of process 12`, `descriptor 7 of process 12`. */
  readonly text: string;
  /** Opens it from here. */
  readonly path: string;
  readonly pid: number | undefined;
}

/** A process that runs in a namespace. */
export interface Process {
  readonly pid: number;
  /** /proc/PID/comm: anything at all, 15 bytes. */
  readonly name: string;
}

/** What a runtime's state says about a container. */
export interface Container {
  readonly runtime: string;
  readonly id: string;
  /** What people call it; `undefined` when its runtime gives none. */
  readonly name: string | undefined;
  readonly pod: Pod | undefined;
  /** Its first process. */
  readonly pid: number | undefined;
  /** Where its network namespace is, when the runtime says. */
  readonly netns: string | undefined;
  /** Networks of the CNI cache, `network/ifname`. */
  readonly networks: readonly string[];
}

export interface Pod {
  readonly name: string;
  readonly namespace: string;
}

export interface Namespace {
  /** `dev:ino`; as `Kernel.identity`. */
  readonly identity: string;
  /** The number in `net:[…]`. */
  readonly inode: number;
  /** That of process 1. */
  readonly host: boolean;
  /** That of this process. */
  readonly own: boolean;
  /** The name `ip netns` has for it, the first of several. */
  readonly name: string | undefined;
  /** The best first; never empty. */
  readonly handles: readonly Handle[];
  /** By process ID, the first `MAX_PROCESSES`. */
  readonly processes: readonly Process[];
  readonly processCount: number;
  /** Containers that live in it: several of a pod share one. */
  readonly containers: readonly Container[];
}

export interface Host {
  /** The host's own first, then by name. */
  readonly namespaces: readonly Namespace[];
  readonly remarks: readonly Remark[];
}

export const MAX_PROCESSES = 1_000;
/** Longer texts of others are cut. */
export const MAX_TEXT = 256;

export const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
