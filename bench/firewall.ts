/**
 * The firewall plugin with no and with 5,000 other containers on the host, and with 5,000 chains of others (kube-proxy with
 * many services) but no containers; iptables (nf_tables) drops what is forwarded. Whole processes, in turn. Milliseconds, median (minimum), and the ratio of the minima; a machine that is busy
 * with other things makes the others meaningless.
 * DEL waits, when its socket is closed, until the kernel has freed what it deleted (a grace period of RCU): time, but not
 * the processor's.
 * Usage: firewall.ts [RUNS] [CONTAINERS]
 */
import { addNetns, call, deleteNetns, isolate, OURS, shown, table } from "./support/side-by-side.ts";

const [runs = "40", containers = "5000"] = process.argv.slice(2);
const RUNS = Number(runs);
const CONTAINERS = Number(containers);

isolate();

function must(cmd: readonly string[], stdin = ""): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...cmd], { stdin: new TextEncoder().encode(stdin) });
  if (exitCode !== 0) throw new Error(`${cmd.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}

for (const tool of ["iptables-nft", "ip6tables-nft"]) must([tool, "-P", "FORWARD", "DROP"]);
const [netns = ""] = addNetns(1);
const config = {
  cniVersion: "1.1.0",
  name: "bench",
  type: "firewall",
  prevResult: {
    cniVersion: "1.1.0",
    interfaces: [{ name: "br0" }, { name: "eth0", sandbox: netns }],
    ips: [
      { address: "10.9.0.2/16", interface: 1 },
      { address: "fd09::2/64", interface: 1 },
    ],
  },
};
const { prevResult: _, ...withoutResult } = config;
const common = { side: OURS, containerId: "measured", netns };

/** Elements as so many ADDs leave them: both families, one counter each, comments of full length. */
function fill(): void {
  // What others share stands while they do.
  call({ ...common, config, command: "ADD" });
  const rules = must(["nft", "list", "table", "inet", "tsnet"]);
  const [, four] = /10\.9\.0\.2 .*?: ("fw-[0-9a-f]{16}")/.exec(rules) ?? [];
  const [, six] = /fd09::2 .*?: ("fw-[0-9a-f]{16}")/.exec(rules) ?? [];
  const lines: string[] = [];
  for (let n = 0; n < CONTAINERS; n++) {
    const mark = new Bun.CryptoHasher("sha512").update(`bench\0${n}\0eth0`).digest("hex").slice(0, 32);
    const comment = `tsnet1 ${"0".repeat(16)} ${mark} other ${"c".repeat(40)} eth0`;
    lines.push(`add element inet tsnet fw4-0x1000 { 10.10.${n >> 8}.${n & 255} comment "${comment}" : ${four} }`);
    lines.push(`add element inet tsnet fw6-0x1000 { fd10::${n.toString(16)} comment "${comment}" : ${six} }`);
  }
  must(["nft", "-f", "-"], lines.join("\n"));
  call({ ...common, config, command: "DEL" });
}

/** Chains that are none of ours and see no packets by themselves. */
function fillChains(): void {
  const names = Array.from({ length: CONTAINERS }, (_, n) => `chain KUBE-SVC-${String(n).padStart(16, "0")} { }`);
  must(["nft", "-f", "-"], `table ip nat {\n${names.join("\n")}\n}\n`);
}

const empty = (): unknown =>
  must(["nft", "-f", "-"], "flush map inet tsnet fw4-0x1000\nflush map inet tsnet fw6-0x1000\n");

const VERBS = [
  { name: "ADD", command: "ADD", config },
  { name: "CHECK", command: "CHECK", config },
  { name: "DEL", command: "DEL", config },
  { name: "DEL without prevResult", command: "DEL", config: withoutResult },
] as const;

/** Milliseconds of the processor, of the program and of the kernel for it. */
function processorMs(command: string, given: object): number {
  const { exitCode, stdout, resourceUsage } = Bun.spawnSync([`${OURS.folder}/firewall`], {
    stdin: new TextEncoder().encode(JSON.stringify(given)),
    env: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      CNI_COMMAND: command,
      CNI_CONTAINERID: common.containerId,
      CNI_NETNS: netns,
      CNI_IFNAME: "eth0",
      CNI_PATH: OURS.folder,
    },
  });
  if (exitCode !== 0) throw new Error(`${command}: ${stdout.toString()}`);
  return Number(resourceUsage.cpuTime.total) / 1000;
}

const measured = () => VERBS.map(() => ({ none: [] as number[], many: [] as number[], chains: [] as number[] }));
const [times, processor] = [measured(), measured()];
call({ ...common, config, command: "ADD" });
call({ ...common, config, command: "DEL" });
for (let run = 0; run < RUNS; run++) {
  for (const side of ["none", "many", "chains"] as const) {
    if (side === "many") fill();
    else empty();
    if (side === "chains") fillChains();
    // After so much at once the kernel goes on for a while, making its hash tables larger.
    await Bun.sleep(300);
    for (const [i, { name, command, config: given }] of VERBS.entries()) {
      if (name === "DEL without prevResult") call({ ...common, config, command: "ADD" });
      times[i]?.[side].push(call({ ...common, command, config: given }).ms);
    }
    for (const [i, { name, command, config: given }] of VERBS.entries()) {
      if (name === "DEL without prevResult") call({ ...common, config, command: "ADD" });
      processor[i]?.[side].push(processorMs(command, given));
    }
    if (side === "chains") must(["nft", "delete", "table", "ip", "nat"]);
  }
}
deleteNetns([netns]);
for (const [what, all] of [
  ["Time", times],
  ["Processor time", processor],
] as const)
  table(
    [what, "no others", `${CONTAINERS} others`, "ratio", `${CONTAINERS} foreign chains`, "ratio"],
    VERBS.map(({ name }, i) => {
      const { none = [], many = [], chains = [] } = all[i] ?? {};
      const ratio = (values: readonly number[]) => (Math.min(...values) / Math.min(...none)).toFixed(2);
      return [name, shown(none), shown(many), ratio(many), shown(chains), ratio(chains)];
    }),
  );
