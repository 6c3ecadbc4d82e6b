/** What a user can do about refusals of the kernel, by the operation that was refused. Operations: native/box/README.md, "Answer". */

const PLACE =
  "choose another place in the container: /proc, /sys and what it has there itself take no mount, a file goes on a file, a folder on a folder";
const USER =
  "the image's /etc/passwd and /etc/group have no such name: give a number (-u 1000:1000), or a name they have";

/** By the errno, `*` for every other. */
type Remedy = Readonly<Record<string, string>>;

const BY_OPERATION: Readonly<Record<string, Remedy>> = {
  execve: {
    ENOENT:
      "the image has no such program, or not what its first line or its libraries name; see what it has: ls /bin in it",
    EACCES: "no program that this user may execute: chmod +x it in the image, or name its interpreter before it",
    ENOEXEC: "no program for this machine (x86-64), or a script without #! in its first line",
  },
  chdir: { "*": "-w names a folder that the container's user may enter" },
  getcwd: { "*": "-w names a folder inside the container" },
  user: { "*": USER },
  group: { "*": USER },
  mount: { "*": PLACE },
  mount_setattr: { "*": PLACE },
  move_mount: { "*": PLACE },
  open_tree: { "*": PLACE },
  openat2: { "*": PLACE },
  mkdir: { EROFS: "the root is read-only: name a folder that the image has, or put a --tmpfs there", "*": PLACE },
  mknod: { "*": "name a device that nodes may be made of on this machine" },
  sysctl: {
    ENOENT: "this kernel has no such parameter: ls /proc/sys",
    EINVAL: "the parameter does not take this value",
    EACCES: "the parameter can only be read",
  },
  setrlimit: {
    EPERM: "more than this process may have (ulimit -H), which without CAP_SYS_RESOURCE is as much as it can give",
  },
  clone3: {
    EAGAIN: "no more processes are allowed here: --pids-limit, ulimit -u, kernel.pid_max",
    ENOSPC: "no more namespaces are allowed here: sysctl user.max_pid_namespaces and its neighbours",
    EPERM: "namespaces cannot be made here; inside of another container that one has to be privileged",
  },
  seccomp: { "*": "this kernel does not take the filter: another profile, or --security-opt seccomp=unconfined" },
  capset: { "*": "this process has not all the capabilities the container is to have: --cap-drop them" },
  lock: { "*": "another monitor serves this container: tsbox ps -a shows it, tsbox rm -f removes it" },
  config: { "*": "too much at once: fewer arguments, variables or mounts" },
  create: { "*": "it was killed, perhaps for want of memory (dmesg): try again" },
  exec: { "*": "start it first: tsbox start" },
};

const BY_CODE: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: free some space, or name another folder by TSBOX_DATA",
  EDQUOT: "the disk is full: free some space, or name another folder by TSBOX_DATA",
  EROFS: "nothing can be written there: name another folder by TSBOX_DATA or TSBOX_RUN",
  EMFILE: "too many files are open: raise ulimit -n",
  ENFILE: "too many files are open on this machine: see fs.file-max",
  ENOMEM: "memory ran out: end something, or give this machine more",
  ENOTDIR: "a part of that path is a file: name another folder by TSBOX_DATA or TSBOX_RUN",
  ENOENT: "nothing is there, and nothing could be made there: look at the path, TSBOX_DATA and TSBOX_RUN",
  EPERM: "not even root may do that there: a special or read-only file system, or a file that is immutable (lsattr)",
  EACCES: "not even root may do that there: a special file system, or a security module (dmesg)",
  ELOOP: "that path goes round in symbolic links",
  ENAMETOOLONG: "that path is too long",
};

export const isRoot = (): boolean => process.geteuid?.() === 0;

/** What to do about a failure of this process, by its errno; "" when nothing is known. */
export function remedyForCode(code: string, root: boolean): string {
  if ((code === "EPERM" || code === "EACCES") && !root) return "this needs root: sudo tsbox …";
  return BY_CODE[code] ?? "";
}

/** About one of the helper, which it tells in a sentence: `mount "/proc/sys": EPERM: Operation not permitted`. */
export function remedyForMessage(message: string, root: boolean): string {
  const [, operation = "", code = ""] = /^(\w+)(?: ".*")?: ([A-Z][A-Z0-9]+): /s.exec(message) ?? [];
  const own = Object.hasOwn(BY_OPERATION, operation) ? BY_OPERATION[operation] : undefined;
  if (own?.[code] !== undefined) return own[code];
  // What has run out is not the operation's own matter.
  const general = remedyForCode(code, root);
  return /^(ENOSPC|EDQUOT|ENOMEM|EMFILE|ENFILE)$/.test(code) || !root ? general : (own?.["*"] ?? general);
}
