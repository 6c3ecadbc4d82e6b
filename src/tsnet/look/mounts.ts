import { attempt, type LookNative, textOf } from "./files.ts";
import type { Handle, Remark } from "./model.ts";

/** A network namespace bound to a file, as one mount namespace has it. */
export interface NamespaceMount {
  /** The number in `net:[…]`. */
  readonly inode: number;
  /** As its mount namespace has it. */
  readonly path: string;
}

/** The largest /proc/PID/mountinfo that is read: 100,000 mounts. */
const MAX_MOUNTINFO = 32 * 1024 * 1024;

/** The bound network namespaces among the lines of /proc/PID/mountinfo; proc_pid_mountinfo(5). */
export function namespaceMounts(mountinfo: string): NamespaceMount[] {
  const found: NamespaceMount[] = [];
  for (const line of mountinfo.split("\n")) {
    // Cheap: most lines are other file systems.
    if (!line.includes(" net:[")) continue;
    const [, , , root = "", path = "", , ...rest] = line.split(" ");
    const type = rest[rest.indexOf("-") + 1];
    const match = /^net:\[(\d+)\]$/.exec(root);
    if (match && type === "nsfs") found.push({ inode: Number(match[1]), path: unescapeOctal(path) });
  }
  return found;
}

/** Space, tab, newline and backslash stand as `\040` and so on; the bytes of others as they are. */
const unescapeOctal = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Where `ip netns` keeps its names; ip-netns(8). */
export const NETNS_FOLDER = "/run/netns";

const nameOf = (path: string): string | undefined => /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(path)?.[1];

/** Bound namespaces of all mount namespaces that a process is in, as handles by number, and the names of `ip netns`. */
export function findMounts(
  native: LookNative,
  mountNamespaces: readonly { readonly pid: number; readonly own: boolean }[],
  remarks: Remark[],
): { handles: Map<number, Handle[]>; names: Map<number, string[]> } {
  const handles = new Map<number, Handle[]>();
  const names = new Map<number, string[]>();
  for (const { pid, own } of mountNamespaces) {
    const file = own ? "/proc/self/mountinfo" : `/proc/${pid}/mountinfo`;
    const text = textOf(native, file, MAX_MOUNTINFO);
    if (text === undefined) {
      if (attempt(() => native.stat(`/proc/${pid}`, false)) !== undefined)
        remarks.push({ about: file, text: "cannot be read: namespaces bound there are missing here" });
      continue;
    }
    for (const { inode, path } of namespaceMounts(text)) {
      const name = own ? nameOf(path) : undefined;
      const list = handles.get(inode) ?? [];
      if (list.some((h) => h.text === path) || list.length >= MAX_MOUNTS) continue;
      const from = own ? path : `/proc/${pid}/root${path}`;
      if (!leadsTo(native, from, inode)) continue;
      if (name !== undefined) add(names, inode, name);
      list.push({
        kind: name === undefined ? "mounted" : "named",
        text: path,
        path: from,
        pid: own ? undefined : pid,
      });
      handles.set(inode, list);
    }
  }
  return { handles, names };
}

/** Whether a path is the namespace, and not covered by another mount: the list of mounts has those as well. */
function leadsTo(native: LookNative, path: string, inode: number): boolean {
  let may = true;
  const st = attempt(
    () => native.stat(path, true),
    () => {
      may = false;
    },
  );
  return st === undefined ? !may : Number(st.ino) === inode;
}

/** A bind mount that many mount namespaces inherited counts once by its path; more than this says nothing new. */
const MAX_MOUNTS = 16;

function add(map: Map<number, string[]>, inode: number, name: string): void {
  const list = map.get(inode);
  if (list === undefined) map.set(inode, [name]);
  else if (!list.includes(name)) list.push(name);
}
