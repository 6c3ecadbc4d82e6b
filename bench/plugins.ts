/**
 * Whole operations as a runtime sees them, all plugins of a list in order, beside the reference: plain, with masquerading,
 * with two published ports, with firewall, bandwidth and tuning behind them, with 10,000 leases in the folder, off the bridge
 * (ptp and macvlan with both families), and 50 at once. Milliseconds, median (minimum).
 * Usage: plugins.ts [RUNS] [SCENARIO …]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadNative } from "../native/load.ts";
import { openKernel } from "../src/kernel/open.ts";
import {
  addNetns,
  call,
  callAside,
  deleteNetns,
  isolate,
  median,
  OURS,
  REFERENCE,
  SIDES,
  type Side,
  shown,
  table,
  withFolder,
} from "./support/side-by-side.ts";

const [runs = "15", ...chosen] = process.argv.slice(2);
const RUNS = Number(runs);
const AT_ONCE = 50;
const LEASES = 10_000;

interface Scenario {
  readonly name: string;
  readonly ipMasq?: true;
  readonly ports?: true;
  /** Behind these, firewall, bandwidth and tuning: what a node's list holds. */
  readonly chain?: true;
  readonly leases?: true;
  readonly atOnce?: true;
  /** Another main plugin than bridge. */
  readonly main?: "ptp" | "macvlan";
}

const SCENARIOS: readonly Scenario[] = [
  { name: "plain" },
  { name: "masq", ipMasq: true },
  { name: "ports", ipMasq: true, ports: true },
  { name: "chain", ipMasq: true, ports: true, chain: true },
  { name: "leases", leases: true },
  { name: "ptp", main: "ptp" },
  { name: "macvlan", main: "macvlan" },
  { name: "burst", atOnce: true },
];

/** The interface that macvlan shares. */
const PARENT = "nic0";

async function makeParent(): Promise<void> {
  await using kernel = openKernel(loadNative(), { waiting: "here" });
  await kernel.link.addVeth({ name: PARENT, up: true, peer: { name: "segment", up: true } });
}

/** One attachment of one side: what the runtime remembers between ADD and DEL. */
interface Attachment {
  readonly side: Side;
  readonly containerId: string;
  readonly netns: string;
  readonly configs: readonly Record<string, unknown>[];
  result?: unknown;
}

function configsOf(scenario: Scenario, side: Side, number: number, folder: string): Record<string, unknown>[] {
  const at = SIDES.indexOf(side);
  const common = { cniVersion: "1.0.0", name: `${scenario.name}${at}` };
  const net = 100 + 2 * SCENARIOS.indexOf(scenario) + at;
  const ranges = [[{ subnet: `10.${net}.0.0/16` }], ...(scenario.main ? [[{ subnet: `fd00:${net}::/64` }]] : [])];
  const ipam = { type: "host-local", dataDir: folder, ranges, routes: [{ dst: "0.0.0.0/0" }] };
  if (scenario.main === "ptp") return [{ ...common, type: "ptp", ipam }];
  if (scenario.main === "macvlan") return [{ ...common, type: "macvlan", master: PARENT, ipam }];
  const bridge = {
    ...common,
    type: "bridge",
    bridge: `${scenario.name}${at}`,
    isGateway: true,
    ipMasq: scenario.ipMasq ?? false,
    ipam,
  };
  if (!scenario.ports) return [bridge];
  const hostPort = 20_000 + 4 * number + 2 * at;
  const portMappings = [
    { hostPort, containerPort: 80, protocol: "tcp" },
    { hostPort: hostPort + 1, containerPort: 53, protocol: "udp" },
  ];
  const portmap = { ...common, type: "portmap", capabilities: { portMappings: true }, runtimeConfig: { portMappings } };
  if (!scenario.chain) return [bridge, portmap];
  const limit = 100_000_000;
  return [
    bridge,
    portmap,
    { ...common, type: "firewall", backend: "iptables" },
    { ...common, type: "bandwidth", ingressRate: limit, ingressBurst: limit, egressRate: limit, egressBurst: limit },
    {
      ...common,
      type: "tuning",
      dataDir: `${folder}/tuning`,
      sysctl: { "net.core.somaxconn": "500", "net.ipv4.conf.IFNAME.arp_filter": "1" },
      mtu: 1400,
    },
  ];
}

/** All plugins of the list, as libcni calls them: each gets the result of the one before, DEL goes backwards. */
function operate(attachment: Attachment, command: "ADD" | "CHECK" | "DEL"): number {
  const { side, containerId, netns, configs } = attachment;
  let ms = 0;
  if (command === "ADD") attachment.result = undefined;
  for (const each of command === "DEL" ? configs.toReversed() : configs) {
    const config = { ...each, prevResult: attachment.result };
    const answer = call({ side, config, command, containerId, netns });
    ms += answer.ms;
    if (command === "ADD") attachment.result = JSON.parse(answer.stdout);
  }
  return ms;
}

/** Leases in the reference's own form; both sides read it. */
function fillLeases(scenario: Scenario, folder: string): void {
  for (const [at] of SIDES.entries()) {
    const leases = join(folder, `${scenario.name}${at}`);
    mkdirSync(leases, { recursive: true });
    const subnet = `10.${100 + 2 * SCENARIOS.indexOf(scenario) + at}`;
    const address = (i: number): string => `${subnet}.${(i + 2) >> 8}.${(i + 2) & 255}`;
    for (let i = 0; i < LEASES; i++) writeFileSync(join(leases, address(i)), `other${i}\r\neth0`);
    writeFileSync(join(leases, "last_reserved_ip.0"), address(LEASES - 1));
  }
}

type Times = Record<"ADD" | "CHECK" | "DEL", number[]>;

function inTurn(scenario: Scenario, folder: string): Times[] {
  const netns = addNetns(SIDES.length);
  const times = SIDES.map((): Times => ({ ADD: [], CHECK: [], DEL: [] }));
  const attachments = (run: number): [Attachment, Times | undefined][] =>
    SIDES.map((side, i) => [
      {
        side,
        containerId: `c${run}`,
        netns: netns[i] ?? "",
        configs: configsOf(scenario, side, run, folder),
      },
      times[i],
    ]);
  // Once for what only the first ADD of a network makes.
  for (const [attachment] of attachments(RUNS)) for (const verb of ["ADD", "DEL"] as const) operate(attachment, verb);
  for (let run = 0; run < RUNS; run++) {
    const both = run % 2 ? attachments(run).toReversed() : attachments(run);
    // The reference portmap's CHECK (1.1.1) misses the IPv6 rules that it did not make.
    const verbs = scenario.ports ? (["ADD", "DEL"] as const) : (["ADD", "CHECK", "DEL"] as const);
    for (const verb of verbs) for (const [attachment, into] of both) into?.[verb].push(operate(attachment, verb));
  }
  deleteNetns(netns);
  return times;
}

async function burst(scenario: Scenario, folder: string): Promise<Times[]> {
  const all: Times[] = [];
  for (const side of SIDES) {
    const netns = addNetns(AT_ONCE);
    const times: Times = { ADD: [], CHECK: [], DEL: [] };
    for (const command of ["ADD", "DEL"] as const) {
      const start = performance.now();
      const calls = netns.map((path, i) => {
        const [config = {}] = configsOf(scenario, side, i, folder);
        return callAside({ side, config, command, containerId: `c${i}`, netns: path });
      });
      await Promise.all(calls);
      times[command].push(performance.now() - start);
    }
    deleteNetns(netns);
    all.push(times);
  }
  return all;
}

isolate();
await makeParent();
const rows: string[][] = [];
for (const scenario of SCENARIOS) {
  if (chosen.length > 0 && !chosen.includes(scenario.name)) continue;
  await withFolder(async (folder) => {
    if (scenario.leases) fillLeases(scenario, folder);
    const [ours, theirs] = scenario.atOnce ? await burst(scenario, folder) : inTurn(scenario, folder);
    for (const verb of ["ADD", "CHECK", "DEL"] as const) {
      const [a = [], b = []] = [ours?.[verb], theirs?.[verb]];
      if (a.length > 0) rows.push([scenario.name, verb, shown(a), shown(b), (median(a) / median(b)).toFixed(2)]);
    }
  });
}
table(["scenario", "", OURS.name, REFERENCE.name, "ratio"], rows);
