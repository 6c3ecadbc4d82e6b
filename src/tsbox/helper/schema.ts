/** Every record of the helper's configuration: the table of native/box/schema.def, which a test compares with this one. */

export interface RecordShape {
  readonly tag: number;
  /** u64 numbers at the payload's start. */
  readonly scalars: number;
  /** NUL-terminated strings after them: so many, at least three, or bytes up to the end instead. */
  readonly strings: number | "at least 3" | "bytes";
}

const shape = (tag: number, scalars: number, strings: RecordShape["strings"]): RecordShape => ({
  tag,
  scalars,
  strings,
});

export const RECORDS = {
  NAMESPACE: shape(1, 1, 1),
  ROOT: shape(2, 2, 1),
  OVERLAY: shape(3, 1, "at least 3"),
  MOUNT: shape(4, 4, 4),
  DEVICE: shape(5, 6, 1),
  SYMLINK: shape(6, 0, 2),
  MASK: shape(7, 0, 1),
  READONLY: shape(8, 0, 1),
  RLIMIT: shape(9, 3, 0),
  SYSCTL: shape(10, 0, 2),
  HOSTNAME: shape(11, 0, 1),
  DOMAINNAME: shape(12, 0, 1),
  USER: shape(13, 0, 1),
  GROUP: shape(14, 1, 0),
  CAPABILITIES: shape(15, 5, 0),
  SECCOMP: shape(16, 1, "bytes"),
  CGROUP: shape(17, 0, 1),
  MONITOR_CGROUP: shape(18, 0, 1),
  OOM: shape(19, 1, 1),
  ARG: shape(20, 0, 1),
  ENV: shape(21, 0, 1),
  CWD: shape(22, 0, 1),
  OPTIONS: shape(23, 1, 0),
  CONSOLE: shape(24, 2, 0),
  LOG: shape(25, 2, 1),
  RECORD: shape(26, 0, 1),
  RESTART: shape(27, 2, 0),
  STOP: shape(28, 2, 0),
  OOM_SCORE_ADJ: shape(29, 1, 0),
  END_ARG: shape(30, 0, 1),
  END_ENV: shape(31, 0, 1),
  UMASK: shape(32, 1, 0),
} as const satisfies Record<string, RecordShape>;

export type RecordName = keyof typeof RECORDS;
