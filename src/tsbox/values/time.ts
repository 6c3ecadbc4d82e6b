const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `90s`, `1h30m`: milliseconds (Go's time.ParseDuration, without its smaller units). */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    sum += Number(count) * (UNITS_MS[unit ?? ""] ?? 0);
  return sum;
}

/** A point in time as `logs --since` takes it: `10m` before now, seconds since 1970, or an RFC 3339 date; milliseconds. */
export function parseTime(now: () => number): (text: string) => number {
  return (text) => {
    const before = parseDuration(text);
    if (before !== undefined) return now() - before;
    if (/^\d{1,11}(\.\d{1,9})?$/.test(text)) return Number(text) * 1000;
    if (/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)) {
      const time = Date.parse(text);
      if (!Number.isNaN(time)) return time;
    }
    throw new Error("need a time such as 10m, 1700000000 or 2026-01-31T12:00:00Z");
  };
}

/** `5 minutes`, for people. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const steps: readonly [number, string][] = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  for (const [size, name] of steps) {
    const n = Math.floor(seconds / size);
    if (n >= 1) return `${n} ${name}${n === 1 ? "" : "s"}`;
  }
  return "less than a second";
}
