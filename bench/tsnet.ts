/**
 * Looking, as a person waits for it: whole processes. `ns ls` and `graph` with 10, 100 and 1,000 namespaces, and what each more of them
 * costs; 10,000 routes and 10,000 elements listed beside `ip -j` and `nft -j`, in turn, so that ratios hold on a busy machine. Needs
 * root; everything is in namespaces of its own. Two minutes on a quiet machine. `bench/tsnet.ts [rounds]`
 */
import { join } from "node:path";
import { type Cost, compareIn, inOwnSpace, must } from "./support/whole.ts";

const TSNET = join(import.meta.dir, "../dist/bin/tsnet");
const ROUNDS = Number(process.argv[2] ?? 11);

inOwnSpace();
const compare = compareIn(ROUNDS);

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

must(["ip", "link", "add", "br0", "up", "type", "bridge"]);
must(["ip", "addr", "add", "10.0.0.1/8", "dev", "br0"]);
const costs: Map<string, Cost>[] = [];
let made = 0;
for (const count of [10, 100, 1_000]) {
  namespaces(made, count);
  made = count;
  const compared = compareIn(count < 1_000 ? ROUNDS : Math.ceil(ROUNDS / 2));
  costs.push(
    compared(`${count} namespaces`, {
      "tsnet ns ls": [TSNET, "ns", "ls"],
      "tsnet ns ls --json": [TSNET, "ns", "ls", "--json"],
      "tsnet graph": [TSNET, "graph"],
      "tsnet graph --format svg": [TSNET, "graph", "--format", "svg"],
      "tsnet graph --json": [TSNET, "graph", "--json"],
      "tsnet addr ls --all --json": [TSNET, "addr", "ls", "--all", "--json"],
      "ip netns list": ["ip", "netns", "list"],
    }),
  );
}

/** Linear is what costs for each namespace more at 1,000 what it costs at 100, or less. */
for (const name of costs[0]?.keys() ?? []) {
  const [few, some, all] = costs.map((each) => each.get(name));
  if (!few || !some || !all) continue;
  const each = (of: (cost: Cost) => number, digits: number): string =>
    `${((of(some) - of(few)) / 90).toFixed(digits)}, ${((of(all) - of(some)) / 900).toFixed(digits)}`;
  const time = each(({ cpuMs }) => cpuMs, 2);
  const memory = each(({ peakMiB }) => peakMiB * 1024, 0);
  console.log(`each more, from 10 to 100 and to 1,000 | ${name} | ${time} ms of processor time | ${memory} KiB`);
}

/** The least processor time as a multiple of the first's. */
function ratios(title: string, found: Map<string, Cost>): void {
  const [first = 1, ...others] = [...found.values()].map(({ cpuMs }) => cpuMs);
  const names = [...found.keys()];
  for (const [i, cpuMs] of others.entries())
    console.log(`${title} | ${names[i + 1]} | ${(cpuMs / first).toFixed(2)} times ${names[0]}`);
}

const many = Array.from({ length: 10_000 }, (_, i) => i);
const low = (i: number): string => `${i >> 8}.${i & 255}`;
for (const [title, way] of [
  ["10,000 routes", () => "dev br0"],
  ["10,000 routes by 1,400 gateways", (i: number) => `via 10.0.${i % 7}.${2 + (i % 200)} metric ${1 + (i % 3)}`],
] as const) {
  must(["ip", "-batch", "-"], many.map((i) => `route add 172.${low(i)}.1 ${way(i)}\n`).join(""));
  const listed = compare(title, {
    "ip -j -4 route; ip -j -6 route": ["sh", "-c", "ip -j -4 route; ip -j -6 route"],
    "tsnet route ls --json": [TSNET, "route", "ls", "--json"],
    "tsnet route ls": [TSNET, "route", "ls"],
  });
  ratios(title, listed);
  must(["ip", "route", "flush", "root", "172.0.0.0/8"]);
}

const elements = many.map((i) => `10.${low(i)}.1 . ${1 + i} : 10.9.0.1 . 80`);
must(
  ["nft", "-f", "-"],
  `table ip t { map m { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { ${elements.join(",")} }; }; }\n`,
);
const listed = compare("10,000 elements", {
  "nft -j list ruleset": ["nft", "-j", "list", "ruleset"],
  "tsnet nft ls --json": [TSNET, "nft", "ls", "--json"],
  "tsnet nft ls": [TSNET, "nft", "ls"],
});
ratios("10,000 elements", listed);
