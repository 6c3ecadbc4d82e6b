/** Whole commands as a person waits for them, in turn, in a space of their own. */
import { spawnSync } from "bun";

const INSIDE = "TSNET_BENCH_INSIDE";

/** Runs the program once more with its own network, mounts and processes, unless it is there: what is made ends with it. Needs root. */
export function inOwnSpace(): void {
  if (process.env[INSIDE] === "1") return;
  const prepare = 'ip link set lo up && mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && exec "$@"';
  const { exitCode } = spawnSync(
    [
      ..."unshare --net --mount --pid --fork --mount-proc --kill-child -- sh -c".split(" "),
      prepare,
      "sh",
      process.execPath,
      ...process.argv.slice(1),
    ],
    { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, [INSIDE]: "1" } },
  );
  process.exit(exitCode);
}

export interface Run {
  readonly ms: number;
  /** User and system time. */
  readonly cpuMs: number;
  readonly peakMiB: number;
  readonly bytes: number;
}

export function once(cmd: readonly string[]): Run {
  const start = performance.now();
  const { exitCode, stdout, stderr, resourceUsage } = spawnSync([...cmd], { stdout: "pipe", stderr: "pipe" });
  const ms = performance.now() - start;
  if (exitCode !== 0) throw new Error(`${cmd.join(" ")}: ${stderr}`);
  const cpuMs = Number(resourceUsage?.cpuTime.total ?? 0) / 1000;
  return { ms, cpuMs, peakMiB: (resourceUsage?.maxRSS ?? 0) / 1024 / 1024, bytes: stdout.length };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** What a command took. */
export interface Cost {
  /** The least processor time. */
  readonly cpuMs: number;
  readonly peakMiB: number;
}

export type Compare = (title: string, commands: Readonly<Record<string, readonly string[]>>) => Map<string, Cost>;

/** Commands in turn, so many times, and of each the median, the least, processor time and memory. */
export const compareIn =
  (rounds: number): Compare =>
  (title, commands) => {
    const runs = new Map<string, Run[]>(Object.keys(commands).map((name) => [name, []]));
    for (let round = 0; round <= rounds; round++)
      for (const [name, cmd] of Object.entries(commands)) {
        const run = once(cmd);
        // The first fills caches.
        if (round > 0) runs.get(name)?.push(run);
      }
    const costs = new Map<string, Cost>();
    for (const [name, all] of runs) {
      const ms = all.map((run) => run.ms);
      const cpuMs = Math.min(...all.map((run) => run.cpuMs));
      costs.set(name, { cpuMs, peakMiB: median(all.map((run) => run.peakMiB)) });
      const fields = [
        `${median(ms).toFixed(1)} (${Math.min(...ms).toFixed(1)}) ms`,
        `${median(all.map((run) => run.cpuMs)).toFixed(1)} (${cpuMs.toFixed(1)}) ms of processor time`,
        `${median(all.map((run) => run.peakMiB)).toFixed(0)} MiB`,
        `${((all[0]?.bytes ?? 0) / 1024).toFixed(0)} KiB out`,
      ];
      console.log(`${title} | ${name} | ${fields.join(" | ")}`);
    }
    return costs;
  };

export function must(cmd: readonly string[], stdin?: string): void {
  const { exitCode, stderr } = spawnSync([...cmd], { stdin: stdin === undefined ? "ignore" : Buffer.from(stdin) });
  if (exitCode !== 0) throw new Error(`${cmd.join(" ")}: ${stderr}`);
}
