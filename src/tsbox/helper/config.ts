/** What `tsbox-mon` is told about a container or an `exec` (native/box/README.md, "Configuration"); `encode.ts` writes it. */

/** Namespaces a container can have of its own (namespaces(7)). One that is absent from `namespaces` stays the host's. */
export type NamespaceKind = "mnt" | "pid" | "net" | "ipc" | "uts" | "cgroup" | "time";

export interface Namespace {
  readonly kind: NamespaceKind;
  /** Join this one (net, ipc, uts only), e.g. `/run/tsbox/netns/<id>`; a new one when absent. */
  readonly path?: string | undefined;
}

/** Flags of mount(8). A bind keeps those of its source besides. */
export type MountFlag =
  | "ro"
  | "nosuid"
  | "nodev"
  | "noexec"
  | "sync"
  | "dirsync"
  | "noatime"
  | "nodiratime"
  | "relatime"
  | "strictatime"
  | "nosymfollow";

export type Propagation =
  | "private"
  | "rprivate"
  | "slave"
  | "rslave"
  | "shared"
  | "rshared"
  | "unbindable"
  | "runbindable";

export interface Mount {
  /** A file system (proc, tmpfs …), or a file or folder of the host, alone or with the mounts below it. */
  readonly kind: "fs" | "bind" | "rbind";
  /** Path on the host for a bind, any word for a file system. */
  readonly source: string;
  /** Absolute path inside the container; made when it is missing (a file for the bind of a file). */
  readonly target: string;
  /** File system type; only for `fs`. */
  readonly type?: string | undefined;
  readonly flags?: readonly MountFlag[] | undefined;
  /** Options of the file system, comma separated: `mode=755,size=65536k`. */
  readonly data?: string | undefined;
  /** `rprivate` when absent. */
  readonly propagation?: Propagation | undefined;
  /** A failure is a warning: a file system this kernel lacks. */
  readonly optional?: boolean | undefined;
}

export interface DeviceNode {
  readonly path: string;
  readonly type: "c" | "b";
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** getrlimit(2). -1 is unlimited. */
export interface Rlimit {
  readonly resource: RlimitName;
  readonly soft: number;
  readonly hard: number;
}

export type RlimitName =
  | "cpu"
  | "fsize"
  | "data"
  | "stack"
  | "core"
  | "rss"
  | "nproc"
  | "nofile"
  | "memlock"
  | "as"
  | "locks"
  | "sigpending"
  | "msgqueue"
  | "nice"
  | "rtprio"
  | "rttime";

/** Bit masks, bit n is capability n of capabilities(7); see `capabilities.ts`. */
export interface CapabilitySets {
  readonly bounding: bigint;
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly ambient: bigint;
}

/** What a process gets, the container's first as well as one of `exec`. */
export interface ProcessConfig {
  /** At least one. The first is looked up in the PATH of `env`, inside the container. */
  readonly args: readonly string[];
  /** `NAME=value`, the whole environment; HOME is added from the container's passwd when missing. */
  readonly env: readonly string[];
  /** `/` when absent; made when missing, for the container's first process. */
  readonly cwd?: string | undefined;
  /** As for `-u`: `name`, `uid`, `name:group`, `uid:gid`; looked up inside the container. Root when absent. */
  readonly user?: string | undefined;
  /** Supplementary groups beside those that the user has. */
  readonly groups?: readonly number[] | undefined;
  readonly capabilities: CapabilitySets;
  readonly noNewPrivileges?: boolean | undefined;
  /** `struct sock_filter[]` (seccomp(2)), with the flags of SECCOMP_SET_MODE_FILTER. */
  readonly seccomp?: { readonly filter: Uint8Array; readonly flags?: number | undefined } | undefined;
  readonly rlimits?: readonly Rlimit[] | undefined;
  readonly oomScoreAdj?: number | undefined;
  readonly umask?: number | undefined;
  /** Files `cgroup.procs` (or v1 `tasks`) into which the process is written before it runs. */
  readonly cgroups?: readonly string[] | undefined;
  /** The same for the monitor. */
  readonly monitorCgroups?: readonly string[] | undefined;
  /** A terminal of its own (`-t`), with its first size. */
  readonly terminal?: { readonly rows: number; readonly columns: number } | undefined;
  /** `-i`: without it standard input is /dev/null (with a terminal: only never written). */
  readonly stdin?: boolean | undefined;
  /** Standard input ends when the first client that was attached to it goes. */
  readonly stdinOnce?: boolean | undefined;
}

export interface ExecConfig extends ProcessConfig {
  /** Killed when its last client goes without DETACH. */
  readonly killWithClient?: boolean | undefined;
}

export interface ContainerConfig extends ProcessConfig {
  /** Must have `mnt`. */
  readonly namespaces: readonly Namespace[];
  readonly root: {
    /** A folder of the host; with `overlay` the empty folder over which it is mounted, inside the container's namespace only. */
    readonly path: string;
    readonly readOnly?: boolean | undefined;
    /** Of the root mount; `rprivate` when absent. */
    readonly propagation?: Propagation | undefined;
  };
  /** Overlayfs as root file system. Without `upper` and `work` it is read-only. */
  readonly overlay?:
    | {
        /** Uppermost first. */
        readonly lower: readonly string[];
        readonly upper?: string | undefined;
        readonly work?: string | undefined;
        /** No fsync at all: fast, and lost with a power cut. */
        readonly volatile?: boolean | undefined;
      }
    | undefined;
  /** In this order. */
  readonly mounts?: readonly Mount[] | undefined;
  readonly devices?: readonly DeviceNode[] | undefined;
  /** After mounts and devices: `{ path: "/dev/fd", target: "/proc/self/fd" }`. */
  readonly symlinks?: readonly { readonly path: string; readonly target: string }[] | undefined;
  readonly maskedPaths?: readonly string[] | undefined;
  readonly readonlyPaths?: readonly string[] | undefined;
  /** `net.ipv4.ip_forward` → value. Only namespaced ones. */
  readonly sysctls?: Readonly<Record<string, string>> | undefined;
  readonly hostname?: string | undefined;
  readonly domainname?: string | undefined;
  /** Sets the loopback of its network namespace up, which must be new or joined by path. */
  readonly loopback?: boolean | undefined;
  /** Built-in init as process 1 (`--init`). */
  readonly init?: boolean | undefined;
  /** Log file, Docker's json-file. `maxFiles` counts the one being written; rotation only with both. */
  readonly log?:
    | { readonly path: string; readonly maxBytes?: number | undefined; readonly maxFiles?: number | undefined }
    | undefined;
  /** Where `state.json` is copied at every change; a folder that outlives a reboot. */
  readonly record?: string | undefined;
  readonly restart?: RestartPolicy | undefined;
  readonly stop?: { readonly signal: number; readonly timeoutMs: number | "never" } | undefined;
  /** Where the kernel counts its kills: the folder of the container's memory cgroup. */
  readonly oom?: { readonly version: 1 | 2; readonly folder: string } | undefined;
  /** Run by the monitor when the container has ended for good; `args[0]` is the program's path. */
  readonly atEnd?:
    | {
        readonly args: readonly string[];
        readonly env: readonly string[];
        /** Not when a client that takes all output hears of the end: then that one does what there is to do. */
        readonly onlyAlone?: boolean;
      }
    | undefined;
}

export interface RestartPolicy {
  readonly name: "no" | "on-failure" | "always" | "unless-stopped";
  /** For `on-failure`; 0 or absent is without limit. */
  readonly maxRetries?: number | undefined;
}
