import { FILES, type MonitorState, parsePidFile, parseState, RecordError } from "../helper/records.ts";
import { readText, unless, writeJson } from "../store/files.ts";
import { activeIn, containerFolder, runFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";

/** What is true of a container now, by the kernel's word where it has one. */
export type Condition =
  /** Never started. */
  | { readonly kind: "created" }
  /** A monitor serves it. Running, about to be restarted, or (held back before its program) being started. */
  | { readonly kind: "alive"; readonly state: MonitorState }
  /** Its monitor was killed; the program may still run. */
  | { readonly kind: "orphan"; readonly state: MonitorState | undefined; readonly pid: number | undefined }
  /** Ended. `clean` when nothing of it is left in the kernel. */
  | { readonly kind: "exited"; readonly state: MonitorState; readonly clean: boolean };

const MAX_STATE = 256 * 1024;

/** The copy of the monitor's record that outlives a reboot. */
export const lastStatePath = (s: Pick<Surroundings, "places">, id: string): string =>
  `${containerFolder(s.places, id)}/state.json`;

export function conditionOf(s: Surroundings, id: string): Condition {
  const folder = runFolder(s.places, id);
  const active = s.native.stat(activePath(s, id), false) !== undefined;
  const last = readState(s, lastStatePath(s, id));
  const now = readState(s, `${folder}/${FILES.state}`);
  const current = now !== undefined && now.bootId === bootId(s) ? now : undefined;
  if (current?.status === "exited") return { kind: "exited", state: current, clean: !active };
  if (active && current !== undefined && hasMonitor(s, folder)) return { kind: "alive", state: current };
  if (active) return { kind: "orphan", state: current ?? last, pid: current && livingPid(s, folder) };
  return last === undefined || last.startedAt === ""
    ? { kind: "created" }
    : { kind: "exited", state: ended(last), clean: true };
}

/** A record of something that runs no more and whose end nobody saw: the machine went down, or everything was killed. */
export const ended = (state: MonitorState): MonitorState =>
  state.status === "exited"
    ? state
    : { ...state, status: "exited", pid: 0, starttime: 0, exitCode: 255, signal: 0, lost: true };

/**
 * Keeps how a container ended. On a full disk the record of before is written over in place, which takes no room; should
 * that not do either, how it ended is lost: what has to go must be able to go.
 */
export function saveLastState(s: Surroundings, id: string, state: MonitorState): void {
  const path = lastStatePath(s, id);
  const full = ["ENOSPC", "EDQUOT"];
  const saved = unless(full, () => {
    writeJson(s.native, path, state, { durable: false });
    return true;
  });
  if (saved) return;
  const size = s.native.stat(path, false)?.size ?? 0;
  const text = new TextEncoder().encode(`${JSON.stringify(state).padEnd(size - 1)}\n`);
  unless(full, () => s.native.writeAt(path, 0, text, 0o600, false));
}

export const activePath = (s: Pick<Surroundings, "places">, id: string): string => `${activeIn(s.places)}/${id}`;

function readState(s: Surroundings, path: string): MonitorState | undefined {
  const text = readText(s.native, path, MAX_STATE);
  try {
    return text === undefined ? undefined : parseState(text);
  } catch (error) {
    // Cut short by a power cut.
    if (error instanceof RecordError) return undefined;
    throw error;
  }
}

/**
 * Whether the monitor that wrote its number into its lock lives. The lock itself is not tried: for that moment a monitor that
 * is starting could not have it.
 */
function hasMonitor(s: Surroundings, folder: string): boolean {
  const match = /^(\d{1,10}) (\d{1,15})\n/.exec(readText(s.native, `${folder}/${FILES.lock}`, 1024) ?? "");
  return match !== null && startTimeOf(s, Number(match[1])) === Number(match[2]);
}

/** The container's first process, when it is still that one: its start time proves it (proc_pid_stat(5), field 22). */
function livingPid(s: Surroundings, folder: string): number | undefined {
  const file = parsePidFile(readText(s.native, `${folder}/${FILES.pid}`, 1024) ?? "");
  return file !== undefined && startTimeOf(s, file.pid) === file.starttime ? file.pid : undefined;
}

export function startTimeOf(s: Pick<Surroundings, "native">, pid: number): number | undefined {
  try {
    const stat = readText(s.native, `/proc/${pid}/stat`, 65_536);
    const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields?.[0] === "Z" ? undefined : Number(fields?.[19]);
  } catch {
    // ESRCH: it ended while it was read.
    return undefined;
  }
}

export const bootId = (s: Pick<Surroundings, "native">): string =>
  readText(s.native, "/proc/sys/kernel/random/boot_id", 64)?.trim() ?? "";
