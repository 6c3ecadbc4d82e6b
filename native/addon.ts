/**
 * What the Node-API addon (`tsnet.node`, C) offers: the system calls JavaScript cannot make, or not without a costly
 * module. Every failure is thrown as a `SystemError`. Functions ending in `Async` do the same on a thread of our own and
 * are meant for services, where a blocking call must not stop the others; one-shot processes use the plain form.
 */

/** Thrown by every function here: `open "/run/x": ENOENT: No such file or directory`. */
export interface SystemError extends Error {
  /** The operation, in the words of the system call: `setns`, `sendmsg`, `flock`. */
  readonly op: string;
  /** Positive errno. */
  readonly errno: number;
  /** Symbolic errno: `ENOENT`. */
  readonly code: string;
  /** The file it was about, where there is one. */
  readonly path?: string;
}

export interface FileStat {
  readonly kind: "file" | "directory" | "symlink" | "socket" | "other";
  /** Permission bits, 0..0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly size: number;
  readonly dev: bigint;
  readonly ino: bigint;
  /** Modification time in nanoseconds since the epoch. */
  readonly mtimeNs: bigint;
}

export type RunArguments = [
  path: string,
  args: readonly string[],
  env: readonly string[],
  cwd: string | undefined,
  stdin: Uint8Array,
  timeoutMs: number,
  maxOutput: number,
  keep?: Fd,
];

/** How a program ended. */
export interface RunResult {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined;
  /** `SIGKILL`, `SIGSEGV` …; `undefined` when it exited. */
  readonly signal: string | undefined;
  /** Why it was killed by us: its time was up, or its output too long. */
  readonly stopped: "timeout" | "output" | undefined;
}

/** A file descriptor. `-1` as a network namespace means the one this process was started in. */
export type Fd = number;

export interface Native {
  // --- standard streams: whole reads and writes, EAGAIN is waited out with poll(2)
  /** Reads a descriptor to its end. EFBIG when there are more than `maxBytes`. */
  readAll(fd: Fd, maxBytes: number): Uint8Array;
  /** Writes everything or throws (EPIPE, ENOSPC, EBADF …). */
  writeAll(fd: Fd, bytes: Uint8Array): void;

  // --- network namespaces
  /**
   * Opens a network namespace by path (bind mount or `/proc/PID/ns/net`). ENOENT when there is nothing; EINVAL when the
   * file is no network namespace (checked by fstatfs(2) NSFS_MAGIC and ioctl_ns(2) NS_GET_NSTYPE). Never blocks on a fifo.
   */
  netnsOpen(path: string): Fd;
  /** `dev:ino` of a namespace, equal exactly when two descriptors are the same namespace. `-1` is this process's own. */
  netnsIdentity(netns: Fd): string;
  /** Makes a namespace and binds it to `path` (the file is made, mode 0444; EEXIST if there). Like `ip netns add`; loopback stays down. */
  netnsCreate(path: string): void;
  /**
   * Unmounts and removes what `netnsCreate` made, also the empty file a killed one left; ENOENT when absent, EINVAL for
   * any other file.
   */
  netnsDelete(path: string): void;
  /** close(2). A `netlinkReceiveAsync` pending on this descriptor ends with ECANCELED. */
  closeFd(fd: Fd): void;

  // --- netlink (linux/netlink.h)
  /**
   * Opens a netlink socket inside a namespace: NETLINK_EXT_ACK, NETLINK_CAP_ACK and NETLINK_GET_STRICT_CHK on, a receive
   * buffer of 4 MiB where allowed.
   */
  netlinkOpen(protocol: number, netns: Fd): Fd;
  /**
   * Sends one or more concatenated netlink messages and collects the whole answer: for each message with NLM_F_DUMP up to
   * its NLMSG_DONE, for each with NLM_F_ACK its NLMSG_ERROR. Messages of other sequence numbers or ports are dropped.
   * An answer that ends early (an aborted batch) is returned as it is. Returns the concatenated messages as they came,
   * each padded to 4 bytes. A request without any of those two flags is a list of plain GETs: one reply each.
   * EINVAL when `request` is no sequence of messages; ETIMEDOUT when the answer is not complete after `timeoutMs` (-1 waits
   * for ever); ENOBUFS when the receive buffer ran over; E2BIG over 256 MiB. After an error the socket can be used again.
   * A second exchange on the same socket waits for the first.
   * @param containing stretches of bytes, each behind a byte with its length, 1024 bytes in all: of messages with data only
   *   those come back that hold one of them
   */
  netlinkExchange(socket: Fd, request: Uint8Array, timeoutMs: number, containing?: Uint8Array): Uint8Array;
  netlinkExchangeAsync(
    socket: Fd,
    request: Uint8Array,
    timeoutMs: number,
    containing?: Uint8Array,
  ): Promise<Uint8Array>;
  /**
   * `closeFd` for a socket of nf_tables that deleted something, without waiting (on Linux 6.9 and later) until the kernel has
   * freed it.
   */
  netlinkCloseAside(socket: Fd): void;
  /** Joins multicast groups, at most 64 at once (NETLINK_ADD_MEMBERSHIP). Use a socket of its own for it. */
  netlinkSubscribe(socket: Fd, groups: readonly number[]): void;
  /** The next datagram on a subscribed socket; `undefined` after `timeoutMs` (-1 waits for ever); ENOBUFS when messages were lost. */
  netlinkReceive(socket: Fd, timeoutMs: number): Uint8Array | undefined;
  netlinkReceiveAsync(socket: Fd, timeoutMs: number): Promise<Uint8Array | undefined>;

  // --- sysctl inside a namespace; `key` is the path below /proc/sys, e.g. `net/ipv4/conf/eth0.5/forwarding`; EINVAL for
  // one with empty, `.` or `..` parts. Values come without their last newline.
  sysctlGet(netns: Fd, key: string): string;
  sysctlSet(netns: Fd, key: string, value: string): void;
  sysctlGetAsync(netns: Fd, key: string): Promise<string>;
  sysctlSetAsync(netns: Fd, key: string, value: string): Promise<void>;

  // --- ICMP
  /**
   * Sends one echo request from a namespace, an IP packet of exactly `packetBytes` (64..65535) that nobody may cut to pieces.
   * The round trip in milliseconds, or `undefined` when no answer came within `timeoutMs`. EMSGSIZE when it does not fit
   * on the way and that was told; ENETUNREACH, EHOSTUNREACH … when the network says so. EINVAL for what is no address.
   */
  icmpEcho(netns: Fd, address: string, packetBytes: number, timeoutMs: number): number | undefined;
  icmpEchoAsync(netns: Fd, address: string, packetBytes: number, timeoutMs: number): Promise<number | undefined>;

  // --- packets: `writeAll` sends one, `localReceive` gives the next one whole, `closeFd` ends it
  /**
   * A UDP socket in a namespace, to one address and port, and from there only. What routers say (ECONNREFUSED, EHOSTUNREACH) is
   * thrown by the next call. EINVAL for what is no address; an IPv6 one of a link names it: `fe80::1%eth0`.
   */
  udpOpen(netns: Fd, address: string, port: number): Fd;
  /**
   * Whole frames of one link of a namespace (packet(7)), of one protocol (ETH_P_* of linux/if_ether.h): what comes in is received, what is written
   * goes out as it is. Frames that this host sends are not among those received. EPERM without CAP_NET_RAW; ENETDOWN.
   */
  packetOpen(netns: Fd, ifIndex: number, protocol: number): Fd;

  // --- files (node:fs costs 2 ms of start-up); modes are subject to the umask, as in open(2)
  /**
   * flock(2) LOCK_EX on a file that is made if absent (mode 0600); symbolic links are refused (ELOOP). Its
   * holder may remove the file: who waits for it takes the lock of the next one of that name.
   * `closeFd` gives it up. ETIMEDOUT after `timeoutMs` (0 does not wait, -1 waits for ever); waiters are served in the order
   * they came.
   */
  lockFile(path: string, timeoutMs: number): Fd;
  lockFileAsync(path: string, timeoutMs: number): Promise<Fd>;
  /** EFBIG over `maxBytes`; refuses what is not a regular file (EINVAL) without blocking. */
  readFile(path: string, maxBytes: number): Uint8Array;
  /**
   * The same below a folder that somebody else has power over, as a container's root: links are followed as if that folder were `/`,
   * and nothing outside is reached (openat2(2), RESOLVE_IN_ROOT). What is no regular file is not opened (EINVAL). It may take
   * as long as a file system there wants, so use the second form and a clock.
   */
  readFileInside(root: string, path: string, maxBytes: number): Uint8Array;
  readFileInsideAsync(root: string, path: string, maxBytes: number): Promise<Uint8Array>;
  /** O_CREAT|O_EXCL; what was made is removed again when the write fails. */
  createFile(path: string, bytes: Uint8Array, mode: number): void;
  /** pread(2): up to `length` bytes from `offset`, fewer at the end of the file. Regular files only (EINVAL). */
  readAt(path: string, offset: number, length: number): Uint8Array;
  /**
   * pwrite(2) in place: writes everything at `offset` or throws. The file is made with `mode` if absent; with `cut` it
   * ends after what was written. Not atomic. Symbolic links are refused (ELOOP).
   */
  writeAt(path: string, offset: number, bytes: Uint8Array, mode: number, cut: boolean): void;
  /** Whole or not at all: temporary file beside it (`.tsnet-*.tmp`), then rename(2). */
  replaceFile(path: string, bytes: Uint8Array, mode: number): void;
  /** link(2): EEXIST when `to` is there. */
  linkFile(from: string, to: string): void;
  renameFile(from: string, to: string): void;
  removeFile(path: string): void;
  /** fsync(2) of a file or folder: what was written to it survives a power cut. `whole` is syncfs(2), its whole file system. */
  sync(path: string, whole: boolean): void;
  /** rmdir(2): ENOTEMPTY while something is in it. */
  removeDir(path: string): void;
  /** mkdir(2): EEXIST when something of that name is there. */
  makeDir(path: string, mode: number): void;
  /** Makes the folder and its missing parents. */
  makeDirs(path: string, mode: number): void;
  /** Names without `.` and `..`, unsorted; EFBIG over `maxEntries`. */
  listDir(path: string, maxEntries: number): string[];
  /** `undefined` when there is nothing. `followLinks` false is lstat(2). */
  stat(path: string, followLinks: boolean): FileStat | undefined;
  setMtime(path: string, mtimeNs: bigint): void;
  /** `undefined` when it is no symbolic link or absent. */
  readLink(path: string): string | undefined;
  /** access(2) W_OK, on a folder also X_OK; false when there is nothing. For root only a read-only mount says no. */
  isWritable(path: string): boolean;

  // --- daemons of this machine: stream sockets in the file system (unix(7)); `writeAll` and `closeFd` are good for them too
  /** Never blocks: EAGAIN when the daemon's queue is full, ENOENT or ECONNREFUSED when there is none. */
  localConnect(path: string): Fd;
  /** What has come, at most `maxBytes`; none at the end of the stream. ETIMEDOUT after `timeoutMs` (-1 waits for ever). */
  localReceive(fd: Fd, maxBytes: number, timeoutMs: number): Uint8Array;
  localReceiveAsync(fd: Fd, maxBytes: number, timeoutMs: number): Promise<Uint8Array>;

  // --- cgroups
  /**
   * Loads a BPF_PROG_TYPE_CGROUP_DEVICE program (an array of `struct bpf_insn`) and attaches it to a cgroup v2 folder, beside
   * those that are there: all must agree. It goes with the cgroup. `op` is `bpf`; EINVAL or EACCES for what the kernel's
   * verifier refuses; EPERM without CAP_BPF or CAP_SYS_ADMIN.
   */
  cgroupDeviceAttach(path: string, program: Uint8Array): void;

  // --- terminals
  /** Size of the terminal, `undefined` when the descriptor is none. */
  ttySize(fd: Fd): { readonly rows: number; readonly columns: number } | undefined;
  /** Makes a terminal raw (cfmakeraw(3)), so that every byte passes as it is; gives what `ttyRestore` takes. ENOTTY when it is none. */
  ttyRaw(fd: Fd): Uint8Array;
  ttyRestore(fd: Fd, before: Uint8Array): void;

  // --- programs
  /**
   * Executes a program to its end, in this thread's network namespace. Its standard streams are pipes; it inherits no other
   * descriptor but `keep`, no ignored signal, no signal mask, and leads a process group of its own.
   *
   * All of `stdin` is written unless it stops reading. It has ended when it has exited and nobody holds its stdout and
   * stderr any more, or nothing came from them for 100 ms after its exit: what it left running keeps running. After
   * `timeoutMs` (-1 waits for ever), or with more than `maxOutput` bytes on stdout and stderr together, its whole process
   * group is killed; the result then says so in `stopped` and has what came until then.
   *
   * Throws what stopped it from beginning, with `op` `execve`: ENOENT (also when a script's interpreter is missing), EACCES,
   * ENOEXEC, ETXTBSY; `chdir` for `cwd`.
   * @param path absolute, or relative to `cwd`; PATH is not searched. It is argument 0 as well.
   * @param args arguments 1 and on
   * @param env `NAME=value`, the whole environment
   * @param cwd `undefined` is this process's
   * @param keep a descriptor that it has as number 3: the lock of a file, which is then held until both have
   * closed it. With `runAsync` it stays open here until the program runs.
   */
  run(...call: RunArguments): RunResult;
  /**
   * Becomes another program inside a network namespace (setns(2), execve(2)): same process, standard streams and terminal; all
   * other descriptors are closed, signals as at the start of a program. Returns only by throwing: ENOENT, EACCES, ENOEXEC.
   * @param argv all arguments, the program's name first
   * @param env `NAME=value`, the whole environment
   * @param cwd `undefined` is this process's
   */
  exec(netns: Fd, path: string, argv: readonly string[], env: readonly string[], cwd: string | undefined): never;
  /** Whoever ends this process meanwhile leaves the program running. */
  runAsync(...call: RunArguments): Promise<RunResult>;
}
