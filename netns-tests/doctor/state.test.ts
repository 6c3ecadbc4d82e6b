/** Leases, leftovers, configurations, MTUs, ways back: one fault each on a healthy network. */
import { expect } from "bun:test";
import { rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { makeSandbox } from "../support/netns.ts";
import { randomName } from "../support/run.ts";
import { testUnless } from "../support/skip.ts";
import { lack, makeLab, makeWebLab, plants, webList } from "./lab.ts";

plants("a lease file is deleted", "attachment-without-lease", async ({ w }) => {
  await rm(join(w.leases, "web", "10.38.0.2"));
});

plants("a lease is another's", "attachment-without-lease", async ({ w }) => {
  await Bun.write(join(w.leases, "web", "10.38.0.2"), "c2\r\neth0");
});

plants("a lease's holder never was", "lease-without-attachment", async ({ w }) => {
  const path = join(w.leases, "web", "10.38.0.99");
  await Bun.write(path, "nobody\r\neth0");
  // A young one may be of an ADD that is under way.
  const before = new Date(Date.now() - 600_000);
  await utimes(path, before, before);
});

plants("a container ended without DEL", "attachment-gone", async (lab) => {
  const red = await makeSandbox();
  await lab.add("web", "dead", { netns: red });
  await red[Symbol.asyncDispose]();
  await settled(lab, 2);
});

plants("a pair leads nowhere", "leaked-link", async (lab) => {
  const red = await makeSandbox();
  await lab.add("web", "lost", { netns: red });
  const end = await lab.hostEnd("lost");
  // Its container's end is moved to the host, then everything that remembers it goes.
  await lab.host.exec("sh", "-c", `nsenter --net=${red.path} ip link set eth0 name lost0 netns ${lab.host.path}`);
  await rm(join(lab.w.cacheDir, "results", "web-lost-eth0"));
  for (const address of ["10.38.0.4", "fd38::4"]) {
    await rm(join(lab.w.leases, "web", address), { force: true });
    const map = address.includes(":") ? "masq6" : "masq4";
    await lab.host.run(["nft", "delete", "element", "inet", "tsnet", map, `{ ${address} }`]);
  }
  await lab.host.exec("ip", "link", "set", end, "nomaster");
  await red[Symbol.asyncDispose]();
});

testUnless(
  lack,
  "doctor names leaked-rule, of a published port and of masquerading: a runtime forgot a dead container",
  async () => {
    await using lab = await makeWebLab();
    await lab.expectFaults();
    const red = await makeSandbox();
    await lab.add("web", "forgotten", { netns: red, ports: [{ hostPort: 8082, containerPort: 80, protocol: "tcp" }] });
    await red[Symbol.asyncDispose]();
    await settled(lab, 2);
    await rm(join(lab.w.cacheDir, "results", "web-forgotten-eth0"));
    for (const address of ["10.38.0.4", "fd38::4"]) await rm(join(lab.w.leases, "web", address), { force: true });
    const said = await lab.doctor();
    expect(new Set(said.faults.map(({ fault }) => fault))).toEqual(new Set(["leaked-rule"]));
    expect(said.faults.map(({ sentence }) => sentence).join()).toContain("tcp 0.0.0.0:8082");
    expect(said.faults.map(({ sentence }) => sentence).join()).toContain("masquerading of 10.38.0.4");
  },
);

/** The kernel takes pairs down with their namespaces, but not at once. */
async function settled({ host }: { host: { exec(...cmd: string[]): Promise<string> } }, pairs: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const links = JSON.parse(await host.exec("ip", "-j", "link", "show", "type", "veth")) as { ifname: string }[];
    if (links.filter(({ ifname }) => /^veth[0-9a-f]{11}$/.test(ifname)).length <= pairs) return;
    await Bun.sleep(20);
  }
}

testUnless(lack, "doctor names leaked-namespace: a name without a namespace", async () => {
  await using lab = await makeWebLab();
  const path = `/run/netns/${randomName("t")}`;
  await Bun.write(path, "");
  try {
    const said = await lab.expectFaults("leaked-namespace");
    expect(said.faults[0]?.sentence).toContain(path);
  } finally {
    await rm(path);
  }
});

plants("a list does not parse", "config-broken", async ({ w }) => {
  await Bun.write(join(w.confDir, "20-broken.conflist"), '{ "name": "broken", ');
});

plants(
  "a plugin is missing from CNI_PATH",
  "plugin-missing",
  async ({ w }) => {
    await w.network("other", [{ type: "no-such-plugin" }]);
  },
  { also: ({ faults }) => expect(faults[0]?.sentence).toContain("no-such-plugin") },
);

plants("an IPAM plugin is missing from CNI_PATH", "plugin-missing", async ({ w }) => {
  await w.network("other", [{ type: "bridge", ipam: { type: "no-such-ipam" } }]);
});

plants("two networks have overlapping subnets", "overlapping-subnets", async ({ w }) => {
  await w.network(
    "other",
    webList(w, { bridge: "br1", ipam: { type: "host-local", dataDir: w.leases, subnet: "10.38.0.0/16" } }),
  );
});

testUnless(lack, "doctor leaves networks alone that share a subnet by ranges beside each other", async () => {
  await using lab = await makeLab();
  const half = (rangeStart: string, rangeEnd: string) => ({
    ipam: { type: "host-local", dataDir: lab.w.leases, subnet: "10.38.0.0/24", rangeStart, rangeEnd },
  });
  await lab.w.network("low", webList(lab.w, half("10.38.0.2", "10.38.0.99")));
  await lab.w.network("high", webList(lab.w, half("10.38.0.100", "10.38.0.200")));
  await lab.add("low", "c1");
  await lab.add("high", "c2");
  await lab.expectFaults();
});

plants("the bridge takes less than its containers send", "mtu-too-large", async ({ host }) => {
  await host.exec("ip", "link", "set", "br0", "mtu", "1400");
});

plants(
  "the host's route to a container leads elsewhere, and rp_filter drops what it sends",
  "route-elsewhere",
  async ({ host }) => {
    await host.exec("ip", "route", "add", "10.38.0.2/32", "via", "192.0.2.2");
    await host.exec("sysctl", "-qw", "net.ipv4.conf.br0.rp_filter=1");
  },
  { also: ({ faults }) => expect(faults[0]?.consequences.map(({ fault }) => fault)).toEqual(["rp-filter"]) },
);

testUnless(lack, "doctor names rp-filter: a port published through a container's second network", async () => {
  await using lab = await makeWebLab();
  await lab.w.network("second", [
    {
      ...webList(lab.w)[0],
      bridge: "br1",
      isDefaultGateway: false,
      isGateway: true,
      ipam: { type: "host-local", dataDir: lab.w.leases, subnet: "10.39.0.0/24" },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ]);
  await lab.add("second", "c1", {
    netns: lab.c1,
    ifName: "eth1",
    ports: [{ hostPort: 8090, containerPort: 80, protocol: "tcp" }],
  });
  await lab.expectFaults();
  await lab.c1.exec("sysctl", "-qw", "net.ipv4.conf.eth1.rp_filter=1");
  const said = await lab.expectFaults("rp-filter");
  expect(said.faults[0]?.sentence).toContain("they come in by eth1, and the way back is eth0");
});

testUnless(
  lack,
  "doctor on a macvlan network names a parent that is down, a route that is gone, an address that two have",
  async () => {
    await using lab = await makeLab();
    await lab.w.network("flat", [
      {
        type: "macvlan",
        master: "lan0",
        ipam: {
          type: "host-local",
          dataDir: lab.w.leases,
          subnet: "192.0.2.0/24",
          rangeStart: "192.0.2.50",
          gateway: "192.0.2.2",
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
    ]);
    const c1 = await lab.add("flat", "c1");
    const c2 = await lab.add("flat", "c2");
    await lab.expectFaults();
    await c1.exec("ip", "route", "del", "default");
    await lab.expectFaults("no-default-route");
    await c1.exec("ip", "route", "add", "default", "via", "192.0.2.9");
    await lab.expectFaults("wrong-gateway");
    await c1.exec("ip", "route", "replace", "default", "via", "192.0.2.2");
    await c2.exec("ip", "addr", "add", "192.0.2.50/24", "dev", "eth0");
    await lab.expectFaults("duplicate-address");
    await c2.exec("ip", "addr", "del", "192.0.2.50/24", "dev", "eth0");
    await lab.host.exec("ip", "link", "set", "lan0", "down");
    await lab.expectFaults("parent-down");
  },
);

testUnless(
  lack,
  "doctor on a vxlan network names each entry of a peer that is missing, a wrong VNI and a wrong port",
  async () => {
    await using lab = await makeLab();
    const peers = [
      { address: "192.0.2.1", subnets: ["10.244.1.0/24", "fd00:244:1::/64"] },
      { address: "192.0.2.2", subnets: ["10.244.2.0/24", "fd00:244:2::/64"] },
    ];
    await lab.w.network("blue", [
      { type: "vxlan", vni: 42, peers, ipMasq: true, ipam: { type: "host-local", dataDir: lab.w.leases } },
    ]);
    await lab.add("blue", "c1");
    const sync = (): Promise<string> => lab.w.must("overlay", "sync");
    await lab.expectFaults();
    const fdb = (await lab.host.exec("bridge", "fdb", "show", "dev", "ov42"))
      .split("\n")
      .find((line) => line.includes("192.0.2.2"));
    await lab.host.exec("bridge", "fdb", "del", fdb?.split(" ")[0] ?? "", "dev", "ov42", "dst", "192.0.2.2", "self");
    await lab.expectFaults("vxlan-fdb");
    await sync();
    const neigh = JSON.parse(
      await lab.host.exec("ip", "-j", "-4", "neigh", "show", "dev", "ov42", "nud", "permanent"),
    ) as { dst: string }[];
    await lab.host.exec("ip", "neigh", "del", neigh[0]?.dst ?? "", "dev", "ov42");
    await lab.expectFaults("vxlan-neigh");
    await sync();
    await lab.host.exec("ip", "route", "del", "10.244.2.0/24");
    await lab.expectFaults("vxlan-route");
    await sync();
    await lab.expectFaults();
    for (const wrong of [
      ["id", "43", "dstport", "4789"],
      ["id", "42", "dstport", "4790"],
    ]) {
      // Made anew by hand with the plugin's mark and address; what stood on it is gone, and stands beneath.
      const [link] = JSON.parse(await lab.host.exec("ip", "-j", "link", "show", "ov42")) as {
        address: string;
        ifalias: string;
        mtu: number;
      }[];
      await lab.host.exec("ip", "link", "del", "ov42");
      await lab.host.exec(
        "ip",
        "link",
        "add",
        "ov42",
        "address",
        link?.address ?? "",
        "mtu",
        "1450",
        "type",
        "vxlan",
        ...wrong,
        "local",
        "192.0.2.1",
        "dev",
        "lan0",
        "nolearning",
      );
      await lab.host.exec("ip", "link", "set", "ov42", "alias", link?.ifalias ?? "", "up");
      const said = await lab.expectFaults("vxlan-device");
      expect(said.faults[0]?.sentence).toContain(wrong[1] === "43" ? "43" : "4790");
      await sync();
      await lab.expectFaults();
    }
  },
);
