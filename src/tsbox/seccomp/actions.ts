import { SECCOMP_RET } from "./bpf.const.ts";
import type { Action } from "./policy.ts";

/** EPERM: what an ERRNO without a number answers (config-linux.md). */
const EPERM = 1;

const RETURNS: Readonly<Record<Action, number>> = {
  SCMP_ACT_KILL: SECCOMP_RET.KILL_THREAD,
  SCMP_ACT_KILL_THREAD: SECCOMP_RET.KILL_THREAD,
  SCMP_ACT_KILL_PROCESS: SECCOMP_RET.KILL_PROCESS,
  SCMP_ACT_TRAP: SECCOMP_RET.TRAP,
  SCMP_ACT_ERRNO: SECCOMP_RET.ERRNO,
  SCMP_ACT_TRACE: SECCOMP_RET.TRACE,
  SCMP_ACT_LOG: SECCOMP_RET.LOG,
  SCMP_ACT_ALLOW: SECCOMP_RET.ALLOW,
};

/** Only these two carry a number. */
export const takesErrno = (action: Action): boolean => action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE";

/** The value a filter returns for an action (seccomp(2), "SECCOMP_RET_DATA"). */
export function returnValue(action: Action, errno: number | undefined): number {
  const data = takesErrno(action) ? (errno ?? EPERM) : 0;
  return (RETURNS[action] | data) >>> 0;
}

/** Calls go through, perhaps with somebody looking on: nothing is to be said about calls that are newer than the profile. */
export const isOpen = (action: Action): boolean =>
  action === "SCMP_ACT_ALLOW" || action === "SCMP_ACT_LOG" || action === "SCMP_ACT_TRACE";
