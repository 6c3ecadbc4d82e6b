/**
 * Looking, as a person waits for it: whole processes. `ns ls` with 10, 100 and 1,000 namespaces; 10,000 routes and 10,000
 * elements listed beside `ip -j` and `nft -j`, in turn, so that ratios hold on a busy machine. Needs root; everything is in
 * namespaces of its own. `bench/tsnet.ts [rounds]`
 */
import { join } from "node:path";
import { compareIn, inOwnSpace, must } from "./support/whole.ts";

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
