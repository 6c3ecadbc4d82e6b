/** What `tsbox-mon` says: its answer on standard output and the files in `/run/tsbox/<id>/` (native/box/README.md). */

/** Why something failed, in the kernel's words. */
export interface HelperFailure {
  /** As the command should exit: 127 no such program, 126 not executable, 125 everything else. */
  readonly exitCode: number;
  /** System call or step: `mount`, `pivot_root`, `execve`, `config`, `lock`. */
  readonly op: string;
  readonly errno: number;
  /** `ENOENT` */
  readonly code: string;
  /** What it was about; "" when nothing. */
  readonly path: string;
  /** The sentence for people. */
  readonly message: string;
}

export type Status = "created" | "running" | "restarting" | "exited";

export type Answer =
  | {
      readonly ok: true;
      /** As seen from the host; 0 when `adopt` found the container gone. */
      readonly pid: number;
      /** Field 22 of /proc/PID/stat: with the pid it names a process for good. */
      readonly starttime: number;
      readonly monitorPid: number;
      readonly status: Status;
      readonly warnings: readonly string[];
    }
  | ({ readonly ok: false; readonly warnings: readonly string[] } & HelperFailure);

/** `state.json`, and its copy at `ContainerConfig.record`. Times are RFC 3339 with nanoseconds, "" until they happened. */
export interface MonitorState {
  readonly version: 1;
  readonly status: Status;
  /** 0 when there is no process. */
  readonly pid: number;
  readonly starttime: number;
  readonly monitorPid: number;
  readonly monitorStarttime: number;
  /** /proc/sys/kernel/random/boot_id: another one means that the machine was booted since. */
  readonly bootId: string;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** 128 + signal when killed; of the last run while it is restarting; 0 before. */
  readonly exitCode: number;
  /** 0 when it exited. */
  readonly signal: number;
  readonly oomKilled: boolean;
  /** Kills the kernel counted in the container's memory cgroup during the last run. */
  readonly oomKills: number;
  /** The monitor was killed, so nobody knows the exit code: it is 255. */
  readonly lost: boolean;
  /** STOP, or a SIGNAL that counted as one: no restart, and none after a reboot with `unless-stopped`. */
  readonly manualStop: boolean;
  readonly restartCount: number;
  /** Why the last start failed. */
  readonly error: HelperFailure | null;
  /** Bytes of output that could not be written to the log (no space). */
  readonly logDropped: number;
  readonly warnings: readonly string[];
}

/** Names of the helper's files in the container's folder of /run, and in `exec/EID/` below it. */
export const FILES = {
  config: "config",
  lock: "monitor.lock",
  pid: "pid",
  state: "state.json",
  socket: "attach.sock",
  exec: "exec",
} as const;

/** The file `pid`. */
export interface PidFile {
  readonly pid: number;
  readonly starttime: number;
  readonly restartCount: number;
  /** Nanoseconds since the epoch; 0 until started. */
  readonly startedNs: bigint;
}

export class RecordError extends Error {
  override readonly name = "RecordError";
}

/** The launcher's standard output. Throws RecordError when it is none. */
export function parseAnswer(text: string): Answer {
  const value = object(text, "the helper's answer");
  if (value["ok"] === true) {
    return {
      ok: true,
      pid: number(value, "pid"),
      starttime: number(value, "starttime"),
      monitorPid: number(value, "monitorPid"),
      status: status(value),
      warnings: strings(value, "warnings"),
    };
  }
  return { ok: false, ...failure(value), warnings: strings(value, "warnings") };
}

/** `state.json` or the exit record. Throws RecordError for what the helper did not write: a file cut by a power failure. */
export function parseState(text: string): MonitorState {
  const value = object(text, "the monitor's record");
  if (value["version"] !== 1) throw new RecordError("the monitor's record: version is not 1");
  const error = value["error"];
  return {
    version: 1,
    status: status(value),
    pid: number(value, "pid"),
    starttime: number(value, "starttime"),
    monitorPid: number(value, "monitorPid"),
    monitorStarttime: number(value, "monitorStarttime"),
    bootId: string(value, "bootId"),
    createdAt: string(value, "createdAt"),
    startedAt: string(value, "startedAt"),
    finishedAt: string(value, "finishedAt"),
    exitCode: number(value, "exitCode"),
    signal: number(value, "signal"),
    oomKilled: value["oomKilled"] === true,
    oomKills: number(value, "oomKills"),
    lost: value["lost"] === true,
    manualStop: value["manualStop"] === true,
    restartCount: number(value, "restartCount"),
    error: isObject(error) ? failure(error) : null,
    logDropped: number(value, "logDropped"),
    warnings: strings(value, "warnings"),
  };
}

/** The file `pid`; `undefined` when it is none of the helper's, or between two runs, when there is no process. */
export function parsePidFile(text: string): PidFile | undefined {
  const match = /^([1-9]\d{0,9}) (\d{1,15}) (\d{1,9}) (\d{1,19})\n$/.exec(text);
  if (!match) return undefined;
  const [, pid, starttime, restarts, started] = match;
  return {
    pid: Number(pid),
    starttime: Number(starttime),
    restartCount: Number(restarts),
    startedNs: BigInt(started ?? 0),
  };
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function object(text: string, what: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RecordError(`${what} is not JSON: ${JSON.stringify(text.slice(0, 80))}`);
  }
  if (!isObject(value)) throw new RecordError(`${what} is no object`);
  return value;
}

function number(value: Fields, name: string): number {
  const field = value[name];
  if (typeof field !== "number" || !Number.isSafeInteger(field)) throw new RecordError(`${name} is no whole number`);
  return field;
}

function string(value: Fields, name: string): string {
  const field = value[name];
  if (typeof field !== "string") throw new RecordError(`${name} is no string`);
  return field;
}

function strings(value: Fields, name: string): readonly string[] {
  const field = value[name];
  if (!Array.isArray(field) || !field.every((item) => typeof item === "string"))
    throw new RecordError(`${name} is no list of strings`);
  return field;
}

function status(value: Fields): Status {
  const field = value["status"];
  if (field === "created" || field === "running" || field === "restarting" || field === "exited") return field;
  throw new RecordError("status is none of created, running, restarting, exited");
}

const failure = (value: Fields): HelperFailure => ({
  exitCode: number(value, "exitCode"),
  op: string(value, "op"),
  errno: number(value, "errno"),
  code: string(value, "code"),
  path: string(value, "path"),
  message: string(value, "message"),
});
