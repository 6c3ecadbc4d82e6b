/** The MTU of the way beyond the host, and a second holder of an address: only packets tell, and without --probe none is sent. */
import { expect } from "bun:test";
import { connect, makeNetns, type Netns } from "../support/netns.ts";
import { testUnless } from "../support/skip.ts";
import { workplace } from "../tsnet/tsnet.ts";
import { nameServer, resolving } from "./inhabitants.ts";
import { type Lab, lack, makeLab, makeWebLab, webList } from "./lab.ts";
import { named, probed, probes } from "./probe-lab.ts";

/** Beyond the gateway a network whose links take less, with a name server: `198.51.100.53`. */
async function narrowWay({ neighbour }: Lab, stack: AsyncDisposableStack): Promise<Netns> {
  const far = stack.use(await makeNetns());
  await connect(neighbour, "far0", ["198.51.100.1/24"], far, "eth0", ["198.51.100.53/24"]);
  await neighbour.exec("ip", "link", "set", "far0", "mtu", "1400");
  await far.exec("ip", "link", "set", "eth0", "mtu", "1400");
  await far.exec("ip", "route", "add", "default", "via", "198.51.100.1");
  await neighbour.exec("sysctl", "-qw", "net.ipv4.ip_forward=1");
  stack.use(await nameServer(far, "198.51.100.53"));
  return far;
}

probes("a router beyond the host takes less and says so", [], async (lab, stack) => {
  await narrowWay(lab, stack);
  stack.use(await resolving(lab.c1, "nameserver 198.51.100.53"));
});

probes(
  "a router beyond the host takes less, and its ICMP is blocked",
  ["path-mtu"],
  async (lab, stack) => {
    await narrowWay(lab, stack);
    await lab.neighbour.exec(
      "nft",
      "add table ip t; add chain ip t out { type filter hook output priority 0; }; add rule ip t out icmp type destination-unreachable drop",
    );
    stack.use(await resolving(lab.c1, "nameserver 198.51.100.53"));
  },
  (said) =>
    expect(named(said)).toContain(
      "packets of 1500 bytes of web c1 eth0 to 198.51.100.53 are lost without a word, and up to 1400 bytes arrive",
    ),
);

probes(
  "the gateway's link takes less than the host's",
  ["path-mtu"],
  async ({ neighbour }) => {
    // The other end of the pair: what is larger is dropped there.
    await neighbour.exec("ip", "link", "set", "eth0", "mtu", "1400");
  },
  (said) => expect(named(said)).toMatch(/to (192.0.2.2, 2001:db8:1::2|2001:db8:1::2, 192.0.2.2) are lost/),
);

testUnless(lack, "doctor --probe names path-mtu on a vxlan network whose underlay takes less", async () => {
  await using lab = await makeLab();
  await using other = await workplace(lab.neighbour);
  const peers = [
    { address: "192.0.2.1", subnets: ["10.244.1.0/24"] },
    { address: "192.0.2.2", subnets: ["10.244.2.0/24"] },
  ];
  for (const w of [lab.w, other])
    await w.network("blue", [
      {
        type: "vxlan",
        vni: 42,
        peers,
        ipam: { type: "host-local", dataDir: w.leases },
        dev: w === other ? "eth0" : "lan0",
      },
    ]);
  await lab.add("blue", "c1");
  await using c2 = await makeNetns();
  await other.must("cni", "add", "blue", c2.path, "--container-id", "c2");
  await probed(lab, []);
  await lab.neighbour.exec("ip", "link", "set", "eth0", "mtu", "1400");
  const both = await probed(lab, ["path-mtu"]);
  expect(both.faults[0]?.consequences.map(({ sentence }) => sentence).join()).toContain("of network blue to the host");
  // Without a gateway there it is the tunnel's alone.
  await lab.host.exec("ip", "route", "del", "default");
  const said = await probed(lab, ["path-mtu"]);
  expect(named(said)).toMatch(
    /packets of 1450 bytes of network blue to the host 192\.0\.2\.2 .* up to 135\d bytes arrive/,
  );
});

/** Behind a switch out of the host's sight on the bridge of `web`. */
async function stranger({ host }: Lab, stack: AsyncDisposableStack, ...addresses: string[]): Promise<void> {
  const [aSwitch, holder] = [stack.use(await makeNetns()), stack.use(await makeNetns())];
  await connect(host, "port0", [], aSwitch, "up0", []);
  await connect(aSwitch, "down0", [], holder, "eth0", addresses);
  await aSwitch.exec("ip", "link", "add", "sw0", "up", "type", "bridge");
  for (const port of ["up0", "down0"]) await aSwitch.exec("ip", "link", "set", port, "master", "sw0");
  await host.exec("ip", "link", "set", "port0", "master", "br0");
}

for (const [what, address, whose] of [
  ["a container's address", "10.38.0.2", "web c1 eth0"],
  ["a container's IPv6 address", "fd38::2", "web c1 eth0"],
  ["the gateway's address", "10.38.0.1", "the bridge br0"],
  ["the gateway's IPv6 address", "fd38::1", "the bridge br0"],
] as const)
  probes(
    `somebody out of sight has ${what}`,
    ["duplicate-address"],
    (lab, stack) => stranger(lab, stack, `${address}/24`),
    (said) => expect(named(said)).toStartWith(`somebody else on the wire has the address ${address} of ${whose}: `),
  );

probes("somebody out of sight has an address of his own", [], (lab, stack) =>
  stranger(lab, stack, "10.38.0.77/24", "fd38::77/64"),
);

testUnless(lack, "doctor --probe does not tell twice of an address that it sees twice", async () => {
  await using lab = await makeWebLab();
  await lab.c2.exec("ip", "addr", "add", "10.38.0.2/24", "dev", "eth0");
  await lab.c2.exec("ip", "addr", "add", "10.38.0.1/32", "dev", "eth0");
  const said = await lab.doctor("--probe");
  expect(said.faults.map(({ fault }) => fault)).toEqual(["duplicate-address", "duplicate-address"]);
});

testUnless(
  lack,
  "doctor --probe on a macvlan network names a neighbour with a container's address, and a container with two links on it is none",
  async () => {
    await using lab = await makeLab();
    const ipam = {
      type: "host-local",
      dataDir: lab.w.leases,
      subnet: "192.0.2.0/24",
      rangeStart: "192.0.2.50",
      gateway: "192.0.2.2",
      routes: [{ dst: "0.0.0.0/0" }],
    };
    await lab.w.network("flat", [{ type: "macvlan", master: "lan0", ipam }]);
    const c1 = await lab.add("flat", "c1");
    await lab.add("flat", "c1", { netns: c1, ifName: "eth1" });
    await probed(lab, []);
    await lab.neighbour.exec("ip", "addr", "add", "192.0.2.50/24", "dev", "eth0");
    const said = await probed(lab, ["duplicate-address"]);
    const [link] = JSON.parse(await lab.neighbour.exec("ip", "-j", "link", "show", "eth0")) as { address: string }[];
    expect(named(said)).toContain(`192.0.2.50 of flat c1 eth0: ${link?.address} answers`);
  },
);

testUnless(lack, "doctor sends no packet without --probe, and with it only for what is named", async () => {
  await using lab = await makeLab();
  const ipam = (subnet: string) => ({ type: "host-local", dataDir: lab.w.leases, subnet });
  await lab.w.network("web", webList(lab.w, { ipam: ipam("10.38.0.0/24") }));
  await lab.w.network("line", [{ type: "ptp", ipam: { ...ipam("10.41.0.0/24"), routes: [{ dst: "0.0.0.0/0" }] } }]);
  const containers = [await lab.add("web", "c1"), await lab.add("web", "c2"), await lab.add("line", "c3")];
  await using stack = new AsyncDisposableStack();
  for (const container of containers) {
    // So the kernel itself says nothing: no router solicitations, no reports of groups.
    await container.exec("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1");
    stack.use(await resolving(container, "nameserver 192.0.2.99"));
  }
  const sent = async (): Promise<number[]> => {
    const counts: number[] = [];
    for (const container of containers) {
      const [link] = JSON.parse(await container.exec("ip", "-j", "-s", "link", "show", "eth0")) as {
        stats64: { tx: { packets: number } };
      }[];
      counts.push(link?.stats64.tx.packets ?? -1);
    }
    return counts;
  };
  const before = await sent();
  await lab.expectFaults();
  expect(await sent()).toEqual(before);
  const said = await lab.doctor("--probe", "line");
  expect(said.faults.map(({ fault }) => fault)).toEqual(["name-server-silent"]);
  const [one, two, three = 0] = await sent();
  expect([one, two]).toEqual(before.slice(0, 2));
  expect(three).toBeGreaterThan(before[2] ?? 0);
});
