/**
 * Looking, as a person waits for it: whole processes. `ns ls` with 10, 100 and 1,000 namespaces; 10,000 routes and 10,000
 * elements listed beside `ip -j` and `nft -j`, in turn, so that ratios hold on a busy machine. Needs root; everything is in
 * namespaces of its own. `bench/tsnet.ts [rounds]`
 */
import { join } from "node:path";
import { spawnSync } from "bun";

const TSNET = join(import.meta.dir, "../dist/bin/tsnet");
const ROUNDS = Number(process.argv[2] ?? 11);
const INSIDE = "TSNET_BENCH_INSIDE";

/** Its own network, mounts and processes: what is made here ends with it. */
function enter(): never {
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

interface Run {
  readonly ms: number;
  /** User and system time. */
  readonly cpuMs: number;
  readonly peakMiB: number;
  readonly bytes: number;
}

function once(cmd: readonly string[]): Run {
  const start = performance.now();
  const { exitCode, stdout, stderr, resourceUsage } = spawnSync([...cmd], { stdout: "pipe", stderr: "pipe" });
  const ms = performance.now() - start;
  if (exitCode !== 0) throw new Error(`${cmd.join(" ")}: ${stderr}`);
  const cpuMs = Number(resourceUsage?.cpuTime.total ?? 0) / 1000;
  return { ms, cpuMs, peakMiB: (resourceUsage?.maxRSS ?? 0) / 1024 / 1024, bytes: stdout.length };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Commands in turn, and of each the median, the least, processor time and memory. */
function compare(title: string, commands: Readonly<Record<string, readonly string[]>>): void {
  const runs = new Map<string, Run[]>(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, cmd] of Object.entries(commands)) {
      const run = once(cmd);
      // The first fills caches.
      if (round > 0) runs.get(name)?.push(run);
    }
  for (const [name, all] of runs) {
    const ms = all.map((run) => run.ms);
    const fields = [
      `${median(ms).toFixed(1)} (${Math.min(...ms).toFixed(1)}) ms`,
      `${median(all.map((run) => run.cpuMs)).toFixed(1)} ms of processor time`,
      `${median(all.map((run) => run.peakMiB)).toFixed(0)} MiB`,
      `${((all[0]?.bytes ?? 0) / 1024).toFixed(0)} KiB out`,
    ];
    console.log(`${title} | ${name} | ${fields.join(" | ")}`);
  }
}

function must(cmd: readonly string[], stdin?: string): void {
  const { exitCode, stderr } = spawnSync([...cmd], { stdin: stdin === undefined ? "ignore" : Buffer.from(stdin) });
  if (exitCode !== 0) throw new Error(`${cmd.join(" ")}: ${stderr}`);
}

/** Namespaces as containers have them: a pair to a bridge, an address, a default route. */
function namespaces(from: number, to: number): void {
  const lines: string[] = [];
  for (let i = from; i < to; i++) {
    must(["ip", "netns", "add", `n${i}`]);
    lines.push(`link add v${i} master br0 up type veth peer name eth0 netns n${i}`);
  }
  must(["ip", "-batch", "-"], `${lines.join("\n")}\n`);
  for (let i = from; i < to; i++)
    must(
      ["ip", "-n", `n${i}`, "-batch", "-"],
      `addr add 10.${i >> 8}.${i & 255}.2/8 dev eth0\nlink set eth0 up\nroute add default via 10.0.0.1\n`,
    );
}

if (process.env[INSIDE] !== "1") enter();

must(["ip", "link", "add", "br0", "up", "type", "bridge"]);
must(["ip", "addr", "add", "10.0.0.1/8", "dev", "br0"]);
let made = 0;
for (const count of [10, 100, 1_000]) {
  namespaces(made, count);
  made = count;
  compare(`${count} namespaces`, {
    "tsnet ns ls": [TSNET, "ns", "ls"],
    "tsnet ns ls --json": [TSNET, "ns", "ls", "--json"],
    "tsnet graph": [TSNET, "graph"],
    "tsnet graph --format svg": [TSNET, "graph", "--format", "svg"],
    "tsnet addr ls --all --json": [TSNET, "addr", "ls", "--all", "--json"],
    "ip netns list": ["ip", "netns", "list"],
  });
}

const many = Array.from({ length: 10_000 }, (_, i) => `${i >> 8}.${i & 255}`);
must(["ip", "-batch", "-"], many.map((low) => `route add 172.${low}.1 dev br0\n`).join(""));
compare("10,000 routes", {
  "ip -j -4 route; ip -j -6 route": ["sh", "-c", "ip -j -4 route; ip -j -6 route"],
  "tsnet route ls --json": [TSNET, "route", "ls", "--json"],
  "tsnet route ls": [TSNET, "route", "ls"],
});

const elements = many.map((low) => `10.${low}.1`).map((ip, i) => `${ip} . ${1 + (i % 60_000)} : 10.9.0.1 . 80`);
must(
  ["nft", "-f", "-"],
  `table ip t { map m { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { ${elements.join(",")} }; }; }\n`,
);
compare("10,000 elements", {
  "nft -j list ruleset": ["nft", "-j", "list", "ruleset"],
  "tsnet nft ls --json": [TSNET, "nft", "ls", "--json"],
  "tsnet nft ls": [TSNET, "nft", "ls"],
});
