import { attempt, type LookNative, namesIn, textOf } from "./files.ts";

/** A process that has a socket open, and as which descriptor. */
export interface SocketOwner {
  readonly pid: number;
  /** /proc/PID/comm: anything at all. */
  readonly name: string;
  readonly fd: number;
}

const MAX_FDS = 1_048_576;
/** A socket that a server's many workers share: the first of them say enough. */
const MAX_OWNERS = 32;

/**
 * Who has these sockets open, by their numbers: a walk through the descriptors of all processes, since a socket's namespace says
 * nothing about the namespaces of who holds it.
 */
export function socketOwners(native: LookNative, inodes: ReadonlySet<number>): Map<number, SocketOwner[]> {
  const found = new Map<number, SocketOwner[]>();
  if (inodes.size === 0) return found;
  for (const entry of namesIn(native, "/proc", [])) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    let name: string | undefined;
    for (const fd of attempt(() => native.listDir(`/proc/${pid}/fd`, MAX_FDS)) ?? []) {
      const link = attempt(() => native.readLink(`/proc/${pid}/fd/${fd}`));
      if (!link?.startsWith("socket:[")) continue;
      const inode = Number(link.slice("socket:[".length, -1));
      if (!inodes.has(inode)) continue;
      name ??= textOf(native, `/proc/${pid}/comm`, 256)?.replace(/\n$/, "");
      if (name === undefined) break;
      const list = found.get(inode);
      const owner = { pid, name, fd: Number(fd) };
      if (list === undefined) found.set(inode, [owner]);
      else if (list.length < MAX_OWNERS) list.push(owner);
    }
  }
  return found;
}
