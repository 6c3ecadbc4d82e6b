import { isSystemError } from "../../../native/load.ts";
import { attempt, isDenied, type LookNative, namesIn, textOf } from "./files.ts";
import { type Handle, MAX_PROCESSES, type Process, type Remark } from "./model.ts";

/** What one walk through /proc tells. */
export interface Walk {
  /** Processes by the number of the network namespace they run in. */
  readonly inside: ReadonlyMap<number, readonly number[]>;
  /** Threads in another namespace than their process, and open descriptors, by the number of the namespace. */
  readonly holding: ReadonlyMap<number, readonly Handle[]>;
  /** One process of each mount namespace, this process's own first. */
  readonly mountNamespaces: readonly { readonly pid: number; readonly own: boolean }[];
}

const MAX_FDS = 1_048_576;
/** More handles of one namespace add nothing. */
const MAX_HOLDING = 16;

/** `net:[4026531840]` gives the number. */
export function namespaceNumber(link: string | undefined): number | undefined {
  const match = /^net:\[(\d+)\]$/.exec(link ?? "");
  return match ? Number(match[1]) : undefined;
}

/** Descriptors whose text tells that they are no namespace: all but files, whose mount may be one. */
const isNoFile = (link: string): boolean => !link.startsWith("/") || link.startsWith("/dev/");

/**
 * Looks at every process, its threads and what it has open. A process that ends meanwhile is passed over; those that may not
 * be looked at are counted in one remark.
 */
export function walkProcesses(native: LookNative, remarks: Remark[]): Walk {
  const inside = new Map<number, number[]>();
  const holding = new Map<number, Handle[]>();
  const mounts = new Map<string, { pid: number; own: boolean }>();
  const ownMounts = attempt(() => native.readLink("/proc/self/ns/mnt"));
  const nsfs = attempt(() => native.stat("/proc/self/ns/net", true))?.dev;
  let denied = 0;

  const hold = (inode: number, handle: Handle): void => {
    const list = holding.get(inode);
    if (list === undefined) holding.set(inode, [handle]);
    else if (list.length < MAX_HOLDING) list.push(handle);
  };

  function threads(pid: number, inode: number): void {
    const tids = attempt(() => native.listDir(`/proc/${pid}/task`, MAX_FDS)) ?? [];
    if (tids.length < 2) return;
    for (const name of tids) {
      const tid = Number(name);
      if (tid === pid) continue;
      const path = `/proc/${pid}/task/${tid}/ns/net`;
      const there = namespaceNumber(attempt(() => native.readLink(path)));
      if (there !== undefined && there !== inode)
        hold(there, { kind: "thread", text: `thread ${tid} of process ${pid}`, path, pid });
    }
  }

  function descriptors(pid: number): void {
    const fds = attempt(() => native.listDir(`/proc/${pid}/fd`, MAX_FDS)) ?? [];
    for (const fd of fds) {
      const path = `/proc/${pid}/fd/${fd}`;
      const link = attempt(() => native.readLink(path));
      if (link === undefined) continue;
      let there = namespaceNumber(link);
      if (there === undefined) {
        // Opened through a bind mount it has that mount's path, or `/` once that is gone.
        if (isNoFile(link)) continue;
        const st = attempt(() => native.stat(path, true));
        if (st === undefined || st.dev !== nsfs) continue;
        there = Number(st.ino);
      }
      hold(there, { kind: "descriptor", text: `descriptor ${fd} of process ${pid}`, path, pid });
    }
  }

  for (const name of namesIn(native, "/proc", remarks)) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      const inode = namespaceNumber(native.readLink(`/proc/${pid}/ns/net`));
      if (inode === undefined) continue;
      const list = inside.get(inode);
      if (list === undefined) inside.set(inode, [pid]);
      else list.push(pid);
      const mnt = native.readLink(`/proc/${pid}/ns/mnt`);
      if (mnt !== undefined && !mounts.has(mnt)) mounts.set(mnt, { pid, own: mnt === ownMounts });
      threads(pid, inode);
      descriptors(pid);
    } catch (error) {
      if (isDenied(error)) denied++;
      else if (!isSystemError(error)) throw error;
    }
  }
  if (denied > 0)
    remarks.push({
      about: "/proc",
      text: `${denied} process${denied === 1 ? "" : "es"} may not be looked at: namespaces that only they hold are missing here`,
    });
  for (const list of inside.values()) list.sort((a, b) => a - b);
  const mountNamespaces = [...mounts.values()].sort((a, b) => Number(b.own) - Number(a.own) || a.pid - b.pid);
  return { inside, holding, mountNamespaces };
}

/** Names of the first processes of a list; one that has ended is left out. */
export function describeProcesses(native: LookNative, pids: readonly number[]): Process[] {
  const found: Process[] = [];
  for (const pid of pids.slice(0, MAX_PROCESSES)) {
    const comm = textOf(native, `/proc/${pid}/comm`, 256);
    if (comm !== undefined) found.push({ pid, name: comm.replace(/\n$/, "") });
  }
  return found;
}
