/**
 * Measuring plugins as a runtime sees them: whole processes, with pipes, one set beside the other in turn (A B, B A …), so
 * that ratios hold on a machine that is busy with other things.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNative } from "../../native/load.ts";

/** A folder of plugins. */
export interface Side {
  readonly name: string;
  readonly folder: string;
}

export const OURS: Side = { name: "tsnet", folder: join(import.meta.dir, "../../dist/cni") };
export const REFERENCE: Side = { name: "reference", folder: "/usr/lib/cni" };
export const SIDES: readonly Side[] = [OURS, REFERENCE];

type Config = Readonly<Record<string, unknown>>;

export interface Call {
  readonly side: Side;
  readonly config: Config;
  readonly command: string;
  readonly containerId: string;
  /** Path of the namespace. */
  readonly netns: string;
}

export interface Answer {
  readonly ms: number;
  readonly stdout: string;
}

const native = loadNative();
const PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

/** One program from its start to its end. Throws when it fails. */
export function time(path: string, env: readonly string[], stdin = ""): Answer {
  const input = new TextEncoder().encode(stdin);
  const start = performance.now();
  const { exitCode, stdout, stderr } = native.run(path, [], [PATH, ...env], undefined, input, 60_000, 1 << 24);
  const ms = performance.now() - start;
  const text = new TextDecoder().decode(stdout);
  if (exitCode !== 0) throw new Error(`${path} ${env[0]}: ${text}${new TextDecoder().decode(stderr)}`);
  return { ms, stdout: text };
}

export const call = ({ side, config, command, containerId, netns }: Call): Answer =>
  time(...callOf({ side, config, command, containerId, netns }));

/** The same on a thread, for calls at once. */
export async function callAside(what: Call): Promise<void> {
  const [path, env, stdin] = callOf(what);
  const input = new TextEncoder().encode(stdin);
  const { exitCode, stdout } = await native.runAsync(path, [], [PATH, ...env], undefined, input, 120_000, 1 << 24);
  if (exitCode !== 0) throw new Error(`${path} ${what.command}: ${new TextDecoder().decode(stdout)}`);
}

function callOf({ side, config, command, containerId, netns }: Call): [string, string[], string] {
  const env = [
    `CNI_COMMAND=${command}`,
    `CNI_CONTAINERID=${containerId}`,
    `CNI_NETNS=${netns}`,
    "CNI_IFNAME=eth0",
    `CNI_PATH=${side.folder}`,
  ];
  return [`${side.folder}/${config["type"]}`, env, JSON.stringify(config)];
}

/** Namespaces by `ip netns`, named for this process. */
export function addNetns(count: number): string[] {
  const names = Array.from({ length: count }, (_, i) => `bench${process.pid}-${i}`);
  return names.map((name) => {
    native.netnsCreate(`/run/netns/${name}`);
    return `/run/netns/${name}`;
  });
}

export function deleteNetns(paths: readonly string[]): void {
  for (const path of paths) native.netnsDelete(path);
}

/** Runs the rest of the program in network and mount namespaces of its own, with an empty /run/netns; needs root. */
export function isolate(): void {
  if (process.env["TSNET_BENCH_INSIDE"] === "1") {
    mkdirSync("/run/netns", { recursive: true });
    return;
  }
  const prepare = 'ip link set lo up && mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && exec "$@"';
  const { exitCode } = Bun.spawnSync(
    ["unshare", "--net", "--mount", "--", "sh", "-c", prepare, "sh", process.execPath, ...process.argv.slice(1)],
    { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, TSNET_BENCH_INSIDE: "1" } },
  );
  process.exit(exitCode);
}

/** Runs `work` with a folder that is removed afterwards. */
export async function withFolder<T>(work: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tsnet-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** `12.31 (11.02)`: median and minimum in ms. */
export const shown = (values: readonly number[]): string =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)})`;

/** Prints a Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`| ${head.join(" | ")} |\n|${head.map(() => "---").join("|")}|`);
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  console.log();
}
