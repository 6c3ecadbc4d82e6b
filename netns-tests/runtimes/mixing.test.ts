import { expect } from "bun:test";
import { dirname } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { type Attachment, type Chain, type ChainOptions, makeChain } from "../support/chain.ts";
import { connect, makeNetns, type Netns } from "../support/netns.ts";
import { PluginFailure, type PrintedResult } from "../support/plugin.ts";
import { findPlugin, OURS_DIR, REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { makePrivateHost, type PrivateHost } from "../support/private-host.ts";
import { lacksCommand, lacksFile, lacksRoot, testUnless } from "../support/skip.ts";
import { diff, type Snapshot, snapshot } from "../support/snapshot.ts";
import { reaches, serveAll, tcpEcho, udpEcho } from "../support/traffic.ts";
import { addReferenceRules } from "./reference-nft.ts";
import { namedSandbox, processSandbox, type Sandbox } from "./sandboxes.ts";

/**
 * Our plugins beside the reference ones: in one chain, as each other's IPAM, and one after the other for the same
 * container. Until ours are built the reference stands on both sides, which proves the tests themselves.
 */

const REF = REFERENCE_DIR;
const OURS = OURS_DIR ?? REF;

const lack =
  lacksRoot ?? lacksCommand("gcc", "ip", "nft", "nsenter", "unshare", "iptables") ?? lacksFile(`${REF}/bridge`);
/** For what the reference plugins do not do. */
const lackOurs = lack ?? (OURS_DIR === undefined ? "our plugins are not built (npm run build)" : undefined);

const SUBNET = "10.66.0.0/24";
const IPAM = {
  type: "host-local",
  ranges: [[{ subnet: SUBNET }], [{ subnet: "fd66::/64" }]],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
};
const BRIDGE = { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: true, hairpinMode: true, ipam: IPAM };
const PTP = { type: "ptp", ipMasq: true, ipam: IPAM };
const PORTMAP = { type: "portmap", capabilities: { portMappings: true } };

const publish = (hostPort: number): JsonObject => ({
  portMappings: [
    { hostPort, containerPort: 80, protocol: "tcp" },
    { hostPort, containerPort: 80, protocol: "udp" },
  ],
});

const FOLDERS = { folders: ["/var/lib/cni"] };
/** Shared by all containers of a host and made by the first: bridge, sysctls, the frames of rule sets, bookkeeping files. */
const SHARED = [
  /^[+~] (link|addr) cni0 /,
  /^\+ route .*"dev":"cni0"/,
  /^. sysctl /,
  /^\+ nft (table|chain|map|set) /,
  /^\+ nft rule ip6? nat (PREROUTING|POSTROUTING|OUTPUT|CNI-HOSTPORT-(SETMARK|MASQ)) /,
  /^\+ nft rule \S+ cni_\S+ (postrouting|prerouting|output|hostports_all) /,
  /^\+ nft rule inet tsnet (?!\S*-[0-9a-f]{16} )/,
  /^. file \S+\/(last_reserved_ip\.\d+|lock|\.\S+)/,
];
/** Chains of one container or one network, which SHARED would let pass. */
const OWN_CHAIN = /^\+ nft chain .*(CNI-(DN-|SN-)?[0-9a-f]{21,24}|(net|hairpin)-[0-9a-f]{16})/;
/** What the reference cannot take away. */
const OF_OURS = /^\+ nft (elem|rule inet|chain inet) tsnet /;

interface Lab extends AsyncDisposable {
  readonly host: PrivateHost;
  readonly neighbour: Netns;
  chain(options: Omit<ChainOptions, "host" | "name">): Chain;
  /** What is on the host beyond what the first container makes for all. */
  left(): Promise<string[]>;
}

/** A private host with a neighbour at 192.0.2.2 and 2001:db8::2 on its LAN. */
async function makeLab(): Promise<Lab> {
  await using made = new AsyncDisposableStack();
  const host = made.use(await makePrivateHost());
  const neighbour = made.use(await makeNetns());
  const lan = ["192.0.2.2/24", "2001:db8::2/64"];
  await connect(host.network, "lan0", ["192.0.2.1/24", "2001:db8::1/64"], neighbour, "lan0", lan);
  const before: Snapshot = await snapshot(host, FOLDERS);
  const owned = made.move();
  return {
    host,
    neighbour,
    chain: (options) => makeChain({ unchecked: brokenChecks(options), ...options, host, name: "mixed" }),
    left: async () => {
      const now = await snapshot(host, FOLDERS);
      const chains = diff(before, now).filter((line) => OWN_CHAIN.test(line));
      return [...chains, ...diff(before, now, { ignore: [...SHARED, /^. netns /] })];
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The reference portmap 1.1.1 looks for the IPv4 rules in the IPv6 chain when a container has both. */
function brokenChecks({ path, dirs, plugins }: Omit<ChainOptions, "host" | "name">): string[] {
  if (!plugins.includes(PORTMAP)) return [];
  return (dirs?.["portmap"] ?? dirname(findPlugin("portmap", path))) === REF ? ["portmap"] : [];
}

/** Addresses of the container in a result, v4 then v6, without prefix lengths. */
function addresses(result: PrintedResult): { v4: string; v6: string } {
  const all = (result.ips ?? []).map(({ address }) => address.split("/")[0] ?? "");
  return { v4: all.find((one) => !one.includes(":")) ?? "", v6: all.find((one) => one.includes(":")) ?? "" };
}

const attachment = (containerId: string, sandbox: Sandbox, runtimeConfig: JsonObject = {}): Attachment => ({
  containerId,
  netns: sandbox.netns,
  runtimeConfig,
});

/** ADD, CHECK and DEL of two containers that talk to each other and to the outside; afterwards nothing is left. */
async function proveChain(options: Omit<ChainOptions, "host" | "name">, hasPorts: boolean): Promise<void> {
  await using lab = await makeLab();
  const chain = lab.chain(options);
  const [one, two] = [await namedSandbox(lab.host), await namedSandbox(lab.host)];
  const [first, second] = [attachment("one", one, publish(8080)), attachment("two", two)];
  const a = addresses(await chain.add(first));
  const b = addresses(await chain.add(second));
  await chain.check(first);
  {
    await using _server = await serveAll(one.place, 80);
    expect((await tcpEcho(two.place, a.v4, 80)).address).toBe(b.v4);
    expect((await udpEcho(two.place, a.v6, 80)).address).toBe(b.v6);
    await using _outside = await serveAll(lab.neighbour, 9000);
    expect((await tcpEcho(one.place, "192.0.2.2", 9000)).address).toBe("192.0.2.1");
    if (hasPorts) {
      expect((await tcpEcho(lab.neighbour, "192.0.2.1", 8080)).address).toBe("192.0.2.2");
      expect((await udpEcho(lab.neighbour, "2001:db8::1", 8080)).address).toBe("2001:db8::2");
      await tcpEcho(lab.host.network, "127.0.0.1", 8080);
      await tcpEcho(two.place, "192.0.2.1", 8080);
      await tcpEcho(one.place, "192.0.2.1", 8080);
    }
  }
  for (const at of [first, second, first]) await chain.del(at);
  expect(await lab.left()).toEqual([]);
}

testUnless(
  lack,
  "our bridge takes addresses from the reference host-local",
  () => proveChain({ plugins: [BRIDGE], path: [REF, OURS], dirs: { bridge: OURS } }, false),
  60_000,
);

testUnless(
  lack,
  "the reference bridge takes addresses from our host-local",
  () => proveChain({ plugins: [BRIDGE], path: [OURS, REF], dirs: { bridge: REF } }, false),
  60_000,
);

testUnless(
  lack,
  "the reference ptp takes addresses from our host-local, and our portmap publishes behind it",
  () => proveChain({ plugins: [PTP, PORTMAP], path: [OURS, REF], dirs: { ptp: REF } }, true),
  60_000,
);

testUnless(
  lack,
  "the reference portmap publishes behind our bridge",
  () => proveChain({ plugins: [BRIDGE, PORTMAP], path: [OURS, REF], dirs: { portmap: REF } }, true),
  60_000,
);

for (const [what, flags] of [
  ["a namespace that only a process holds", ["--net"]],
  ["a namespace that another user namespace owns", ["--user", "--map-root-user", "--net"]],
] as const) {
  testUnless(
    lack,
    `${what}, by its /proc path: ADD, CHECK, DEL`,
    async () => {
      await using lab = await makeLab();
      const chain = lab.chain({ plugins: [BRIDGE, PORTMAP], path: [OURS, REF] });
      const [one, two] = [await processSandbox(lab.host, ...flags), await processSandbox(lab.host, ...flags)];
      const [first, second] = [attachment("one", one, publish(8080)), attachment("two", two, publish(8081))];
      const a = addresses(await chain.add(first));
      const b = addresses(await chain.add(second));
      await chain.check(first);
      await using _server = await serveAll(one.place, 80);
      expect((await tcpEcho(two.place, a.v4, 80)).address).toBe(b.v4);
      await tcpEcho(lab.neighbour, "192.0.2.1", 8080);
      await chain.del(second);
      await tcpEcho(lab.neighbour, "192.0.2.1", 8080);
      await chain.del(first);
      expect(await lab.left()).toEqual([]);
    },
    60_000,
  );

  testUnless(
    lackOurs,
    `${what}: DEL after the process has gone leaves nothing`,
    async () => {
      await using lab = await makeLab();
      const chain = lab.chain({ plugins: [BRIDGE, PORTMAP], path: [OURS, REF] });
      const sandbox = await processSandbox(lab.host, ...flags);
      const gone = attachment("gone", sandbox, publish(8080));
      await chain.add(gone);
      await sandbox.end();
      await chain.del(gone);
      expect(await lab.left()).toEqual([]);
    },
    60_000,
  );
}

testUnless(
  lackOurs,
  "DEL with a /proc path that is another container's by now leaves that container alone",
  async () => {
    await using lab = await makeLab();
    const chain = lab.chain({ plugins: [BRIDGE, PORTMAP], path: [OURS, REF] });
    const [old, heir] = [await processSandbox(lab.host, "--net"), await processSandbox(lab.host, "--net")];
    const first = attachment("old", old, publish(8080));
    await chain.add(first);
    const b = addresses(await chain.add(attachment("heir", heir, publish(8081))));
    await chain.del({ ...first, netns: heir.netns });
    await using _server = await serveAll(heir.place, 80);
    await tcpEcho(lab.host.network, b.v4, 80);
    await tcpEcho(lab.neighbour, "192.0.2.1", 8081);
    await chain.del(attachment("heir", heir, publish(8081)));
    expect(await lab.left()).toEqual([]);
  },
  60_000,
);

testUnless(
  lackOurs,
  "a host port goes from a dying pod to its successor: code 11 until the DEL, then it is reached",
  async () => {
    await using lab = await makeLab();
    const chain = lab.chain({ plugins: [BRIDGE, PORTMAP], path: [OURS] });
    const [old, heir] = [await namedSandbox(lab.host), await namedSandbox(lab.host)];
    const [dying, successor] = [attachment("dying", old, publish(8080)), attachment("successor", heir, publish(8080))];
    await chain.add(dying);
    const refused = await chain.add(successor).catch((error: unknown) => error);
    if (!(refused instanceof PluginFailure)) throw new Error(`not refused: ${JSON.stringify(refused)}`);
    expect(refused.type).toBe("portmap");
    expect(refused.code).toBe(11);
    const answer = JSON.stringify(refused.answer.json);
    expect(answer).toContain("dying");
    expect(answer).toContain("tsnet ports release");
    // A runtime takes back what the failed ADD made; the port stays with its holder.
    await chain.del(successor);
    await using _old = await serveAll(old.place, 80);
    await tcpEcho(lab.neighbour, "192.0.2.1", 8080);

    await chain.del(dying);
    await chain.add(successor);
    await using _new = await serveAll(heir.place, 80);
    for (const address of ["192.0.2.1", "2001:db8::1"]) {
      await tcpEcho(lab.neighbour, address, 8080);
      await udpEcho(lab.neighbour, address, 8080);
    }
    await chain.del(successor);
    expect(await lab.left()).toEqual([]);
  },
  60_000,
);

testUnless(
  lack,
  "a node switches to ours: ADD by the reference (iptables), DEL by ours; the next pod on that host port is reached",
  async () => {
    await using lab = await makeLab();
    const chain = lab.chain({ plugins: [BRIDGE, PORTMAP], path: [REF] });
    const [before, after] = [await namedSandbox(lab.host), await namedSandbox(lab.host)];
    const [first, second] = [attachment("before", before, publish(8080)), attachment("after", after, publish(8080))];
    const a = addresses(await chain.add(first));
    const b = addresses(await chain.add({ ...second, path: [OURS, REF], runtimeConfig: {} }));
    expect(b.v4).not.toBe(a.v4);
    await using _old = await serveAll(before.place, 80);
    // While both are in use the old pod's port and the way between the two still work.
    await tcpEcho(lab.neighbour, "192.0.2.1", 8080);
    expect((await tcpEcho(after.place, a.v4, 80)).address).toBe(b.v4);
    await chain.del({ ...second, path: [OURS, REF] });

    await chain.del({ ...first, path: [OURS, REF] });
    expect(await lab.left()).toEqual([]);
    await proveSuccessor(lab, chain, { ...second, path: [OURS, REF] }, after);
  },
  60_000,
);

testUnless(
  lackOurs,
  "a node switches to ours: the nft rules of a newer reference go with DEL; the next pod on that host port is reached",
  async () => {
    await using lab = await makeLab();
    const chain = lab.chain({ plugins: [{ ...BRIDGE, ipMasq: false }], path: [REF] });
    const [before, after] = [await namedSandbox(lab.host), await namedSandbox(lab.host)];
    const first = attachment("before", before, publish(8080));
    const result = await chain.add(first);
    const address = result.ips?.[0]?.address ?? "";
    const rules = { network: "mixed", ifName: "eth0", subnet: SUBNET, containerPort: 80 };
    await addReferenceRules(lab.host, { ...rules, containerId: "before", address, hostPort: 8080 });
    // Another container's rules, to be left alone.
    await addReferenceRules(lab.host, { ...rules, containerId: "another", address: "10.66.0.99/24", hostPort: 8099 });
    {
      await using _old = await serveAll(before.place, 80);
      await tcpEcho(lab.neighbour, "192.0.2.1", 8080);
    }
    const ours = lab.chain({ plugins: [BRIDGE, PORTMAP], path: [OURS, REF] });
    const prevResult = JSON.parse(JSON.stringify(result)) as JsonObject;
    await ours.del({ ...first, prevResult });
    const left = (await lab.left()).join("\n");
    expect(left).not.toContain("before");
    expect(left).not.toContain("dport 8080");
    expect(left.match(/another/g)).toHaveLength(4);
    await proveSuccessor(lab, ours, attachment("after", after, publish(8080)), after, () =>
      lab.host.exec(
        "nft",
        "flush chain ip cni_hostport hostports; flush chain ip cni_hostport masquerading; flush chain inet cni_plugins_masquerade masq_checks",
      ),
    );
  },
  60_000,
);

testUnless(
  lack,
  "a node switches back: ADD by ours, DEL by the reference; the next pod on that host port is reached",
  async () => {
    await using lab = await makeLab();
    const chain = lab.chain({ plugins: [BRIDGE, PORTMAP], path: [OURS, REF] });
    const [before, after] = [await namedSandbox(lab.host), await namedSandbox(lab.host)];
    const first = attachment("before", before, publish(8080));
    await chain.add(first);
    {
      await using _old = await serveAll(before.place, 80);
      await tcpEcho(lab.neighbour, "192.0.2.1", 8080);
    }
    // As kubelet does, again after a failure: the reference bridge fails over iptables chains it never made, but only
    // after it has deleted the interface, and succeeds the second time.
    const byReference = { ...first, path: [REF] };
    await chain.del(byReference).catch(() => chain.del(byReference));
    // The reference knows nothing of our maps; but lease and interface are gone.
    const left = await lab.left();
    expect(left.filter((line) => !OF_OURS.test(line))).toEqual([]);
    // A late DEL by ours, as `tsnet repair --release` or GC would, takes the rest.
    await chain.del(first);
    await proveSuccessor(lab, chain, { ...attachment("after", after, publish(8080)), path: [REF] }, after);
  },
  60_000,
);

/** The next pod on host port 8080 is reached from the LAN, and leaves nothing. */
async function proveSuccessor(
  lab: Lab,
  chain: Chain,
  at: Attachment,
  sandbox: Sandbox,
  tidy: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  await chain.add(at);
  {
    await using _server = await serveAll(sandbox.place, 80);
    expect((await tcpEcho(lab.neighbour, "192.0.2.1", 8080)).address).toBe("192.0.2.2");
    await udpEcho(lab.neighbour, "2001:db8::1", 8080);
    await tcpEcho(lab.host.network, "127.0.0.1", 8080);
  }
  await chain.del(at);
  await tidy();
  expect(await reaches(lab.neighbour, "tcp", "192.0.2.1", 8080)).toBe(false);
  expect(await lab.left()).toEqual([]);
}
