/** Linux x86-64 signals by number; 32 and 33 are the C library's own. signal(7). */
const SIGNALS =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  );

/** `TERM`, `SIGTERM`, `15`, `RTMIN+3`: the number. */
export function parseSignal(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 64) return Number(text);
  const name = text.toUpperCase().replace(/^SIG/, "");
  const index = SIGNALS.indexOf(name);
  if (index >= 0) return index + 1;
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realtime) {
    const offset = Number(realtime[3] ?? 0) * (realtime[2] === "-" ? -1 : 1);
    const number = (realtime[1] === "MIN" ? 34 : 64) + offset;
    if (number >= 34 && number <= 64) return number;
  }
  throw new Error(`unknown signal ${JSON.stringify(text)}`);
}

/** `SIGTERM`; a number without name as `SIG37`. */
export const signalName = (number: number): string => `SIG${SIGNALS[number - 1] ?? number}`;
