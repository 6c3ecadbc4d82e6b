import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { makeChain } from "../support/chain.ts";
import { makeSandbox } from "../support/netns.ts";
import { hasReference, OURS_DIR, REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { testUnless } from "../support/skip.ts";
import { ping, serveAll, tcpEcho } from "../support/traffic.ts";
import { DEVICE, lack, makeOverlayLab, type OverlayHost, peerOf, underlay4 } from "./lab.ts";

/** Keys of the plugin, and what becomes of the host when they change; by iproute2 and traffic. */

interface SeenDevice {
  readonly ifname: string;
  readonly mtu: number;
  readonly ifalias?: string;
  readonly linkinfo: { info_data: { id: number; port: number; link: string; local?: string } };
}
const devices = (host: OverlayHost): Promise<SeenDevice[]> =>
  host.json<SeenDevice>("ip", "-d", "-j", "link", "show", "type", "vxlan");

/** The host's network with other keys than the lab's. */
const withKeys = (host: OverlayHost, keys: JsonObject, name = "blue") =>
  makeChain({ name, host: host.place, cniVersion: "1.1.0", plugins: [{ ...host.plugin, ...keys }] });

testUnless(
  lack,
  "directRouting is a plain route to hosts on the link, and the tunnel to those beyond a router",
  async () => {
    await using _ = closeOthers;
    await using lab = await makeOverlayLab({ underlay: 4, keys: { directRouting: true } });
    const [one, two, three] = [lab.host(1), lab.host(2), lab.host(3)];
    // Host 3 moves behind the outside, which routes.
    await lab.outside.exec("sysctl", "-qw", "net.ipv4.ip_forward=1");
    await lab.outside.exec("ip", "addr", "add", "198.51.100.254/24", "dev", "eth0");
    const far = "198.51.100.3";
    await three.place.exec(
      "sh",
      "-ec",
      `ip addr flush dev eth0 scope global; ip addr add ${far}/24 dev eth0; ip route add default via 198.51.100.254`,
    );
    const peers = { host1: peerOf(1, 4), host2: peerOf(2, 4), host3: peerOf(3, 4, { address: far }) };
    await lab.tell(peers);
    const [a, b, c] = [await one.attach("a"), await two.attach("b"), await three.attach("c")];
    const routes = await one.place.exec("ip", "route", "show", "proto", "157");
    expect(routes).toMatch(/^10\.244\.2\.0\/24 via 192\.0\.2\.2 dev eth0 metric 42 $/m);
    expect(routes).toMatch(/^10\.244\.3\.0\/24 via 10\.244\.3\.0 dev ov42 onlink $/m);
    // IPv6 inside has no gateway in an IPv4 underlay.
    expect(await one.place.exec("ip", "-6", "route", "show", "proto", "157")).toMatch(
      /^fd00:244:2::\/64 via fd00:244:2:: dev ov42/m,
    );
    for (const from of [a, b, c])
      for (const to of [a, b, c].filter((pod) => pod !== from))
        for (const address of [to.v4, to.v6]) expect(await ping(from.sandbox, address)).toBe(true);
    // As themselves, and not masqueraded either way.
    await using _server = await serveAll(b.sandbox, 7000);
    expect((await tcpEcho(a.sandbox, b.v4, 7000)).address).toBe(a.v4);
    expect((await one.overlay("show")).stdout).toMatch(/192\.0\.2\.2 .* direct +ok/);
    await one.chain.check(a.at);

    // Off again, without losing anybody on the way; and the last DEL takes plain routes too.
    await withKeys(one, { directRouting: false }).add({
      ...a.at,
      containerId: "again",
      netns: (await another(one)).path,
    });
    expect(await one.place.exec("ip", "route", "show", "proto", "157")).not.toContain("dev eth0");
    expect(await ping(a.sandbox, b.v4)).toBe(true);
    await two.chain.del(b.at);
    expect(await two.place.exec("ip", "route", "show", "proto", "157")).toBe("");

    // Another VNI takes the plain routes of the old one along.
    await one.sync();
    const changed = withKeys(one, { directRouting: true, vni: 77, bridge: "br-ov42" });
    await changed.add({ containerId: "last", netns: (await another(one)).path });
    const moved = await one.place.exec("ip", "route", "show", "proto", "157");
    expect(moved).toContain("192.0.2.2 dev eth0 metric 77");
    expect(moved).not.toContain("metric 42");
  },
  60_000,
);

testUnless(
  lack,
  "directRouting over IPv6: a plain route for IPv6 inside, and the tunnel for IPv4",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 6, hosts: 2, keys: { directRouting: true } });
    const [one, two] = [lab.host(1), lab.host(2)];
    const [a, b] = [await one.attach("a"), await two.attach("b")];
    expect(await one.place.exec("ip", "-6", "route", "show", "proto", "157")).toMatch(
      /^fd00:244:2::\/64 via 2001:db8:18::2 dev eth0 metric 42 /m,
    );
    expect(await one.place.exec("ip", "route", "show", "proto", "157")).toMatch(
      /^10\.244\.2\.0\/24 via 10\.244\.2\.0 dev ov42/m,
    );
    await one.chain.check(a.at);
    // The lab's own link has to settle its link-local addresses, which forwarded packets' neighbours are asked from.
    for (const address of [b.v6, b.v4]) expect(await ping(a.sandbox, address, 5000)).toBe(true);
    await one.chain.del(a.at);
    expect(await one.place.exec("ip", "-6", "route", "show", "proto", "157")).toBe("");
  },
  30_000,
);

const others: AsyncDisposable[] = [];
/** One more sandbox; closed by `closeOthers`. */
async function another(_of: OverlayHost) {
  const sandbox = await makeSandbox();
  others.push(sandbox);
  return sandbox;
}
const closeOthers: AsyncDisposable = {
  async [Symbol.asyncDispose]() {
    for (const each of others.splice(0)) await each[Symbol.asyncDispose]();
  },
};

testUnless(
  lack,
  "ADD adapts the device when the config has changed, and a new VNI replaces the old device",
  async () => {
    await using _ = closeOthers;
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 2 });
    const [one, two] = [lab.host(1), lab.host(2)];
    const [a, b] = [await one.attach("a"), await two.attach("b")];
    expect(await ping(a.sandbox, b.v4)).toBe(true);
    let count = 0;
    const addTo = async (host: OverlayHost, keys: JsonObject): Promise<void> => {
      const sandbox = await another(host);
      await withKeys(host, keys).add({ containerId: `more${count++}`, netns: sandbox.path });
    };
    for (const host of [one, two]) await addTo(host, { mtu: 1400 });
    expect(await devices(one)).toMatchObject([{ ifname: DEVICE, mtu: 1400 }]);
    expect(await one.json("ip", "-j", "link", "show", "dev", "br-ov42")).toMatchObject([{ mtu: 1400 }]);
    expect(await ping(a.sandbox, b.v4)).toBe(true);
    for (const host of [one, two]) await addTo(host, { port: 8472 });
    expect(await devices(one)).toMatchObject([{ ifname: DEVICE, mtu: 1450, linkinfo: { info_data: { port: 8472 } } }]);
    expect(await ping(a.sandbox, b.v4)).toBe(true);
    for (const host of [one, two]) await addTo(host, { vni: 77, bridge: "br-ov42" });
    expect(await devices(one)).toMatchObject([{ ifname: "ov77", linkinfo: { info_data: { id: 77 } } }]);
    expect(await ping(a.sandbox, b.v6)).toBe(true);
    // The underlay's MTU falls, and ours with it.
    await one.place.exec("ip", "link", "set", "eth0", "mtu", "1400");
    await addTo(one, { vni: 77, bridge: "br-ov42" });
    expect(await devices(one)).toMatchObject([{ ifname: "ov77", mtu: 1350 }]);
  },
  60_000,
);

testUnless(
  lack,
  "two networks on one host have devices of their own; the last DEL of one leaves the other alone",
  async () => {
    await using _ = closeOthers;
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 2, keys: { directRouting: true } });
    const [one, two] = [lab.host(1), lab.host(2)];
    const red = (host: OverlayHost) =>
      withKeys(
        host,
        {
          vni: 43,
          peersDir: "",
          peers: [1, 2].map((n) => ({ address: underlay4(n), subnets: [`10.50.${n}.0/24`] })),
        },
        "red",
      );
    const [a, b] = [await one.attach("a"), await two.attach("b")];
    const [x, y] = [await another(one), await another(two)];
    const atRed = { containerId: "x", netns: x.path };
    await red(one).add(atRed);
    const { ips } = await red(two).add({ containerId: "y", netns: y.path });
    expect((await devices(one)).map(({ ifname }) => ifname).sort()).toEqual(["ov42", "ov43"]);
    expect(await ping(x, ips?.[0]?.address.split("/")[0] ?? "")).toBe(true);
    expect(await ping(a.sandbox, b.v4)).toBe(true);

    const list = await one.place.exec("nft", "list", "sets", "inet");
    expect(list.match(/set overlay4-/g)?.length).toBe(2);
    await red(one).del(atRed);
    expect((await devices(one)).map(({ ifname }) => ifname)).toEqual(["ov42"]);
    expect(await one.place.exec("ip", "route", "show", "proto", "157")).toMatch(
      /^10\.244\.2\.0\/24 via 192\.0\.2\.2 dev eth0 metric 42 \n$/,
    );
    expect((await one.place.exec("nft", "list", "sets", "inet")).match(/set overlay4-/g)?.length).toBe(1);
    expect(await ping(a.sandbox, b.v4)).toBe(true);

    // GC with an empty list: the other one too.
    await one.chain.gc([]);
    expect(await devices(one)).toEqual([]);
    expect(await one.place.exec("ip", "route", "show", "proto", "157")).toBe("");
    expect(await one.place.exec("nft", "list", "ruleset")).not.toContain("overlay4-");
  },
  60_000,
);

testUnless(lack, "a name, a VNI and a port of another network of ours are refused by its name", async () => {
  await using _ = closeOthers;
  await using lab = await makeOverlayLab({ underlay: 4, hosts: 1 });
  const one = lab.host(1);
  await one.attach("a");
  const sandbox = await another(one);
  const add = withKeys(one, { bridge: "red0" }, "red").add({ containerId: "x", netns: sandbox.path });
  await expect(add).rejects.toThrow(
    'link \\"ov42\\" is already there and is not this network\'s: it is the overlay of network \\"blue\\"',
  );
});

testUnless(
  lack,
  "the device goes with the last DEL although others come and go at the same time",
  async () => {
    await using _ = closeOthers;
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 1 });
    const one = lab.host(1);
    const places = await Promise.all(
      Array.from({ length: 6 }, async (_unused, i) => ({ containerId: `c${i}`, netns: (await another(one)).path })),
    );
    for (let round = 0; round < 5; round++) {
      const [first, ...rest] = places;
      if (!first) return;
      await one.chain.add(first);
      // The last DEL of the moment against ADDs: whoever is attached has the device, and its entries.
      await Promise.all([one.chain.del(first), ...rest.map((at) => one.chain.add(at))]);
      expect((await devices(one)).map(({ ifname }) => ifname)).toEqual([DEVICE]);
      for (const at of rest) await one.chain.check(at);
      await Promise.all(rest.map((at) => one.chain.del(at)));
      expect(await devices(one)).toEqual([]);
    }
  },
  60_000,
);

testUnless(
  lack,
  "a strict check of the reverse path becomes a loose one on the device, and none stays none",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 1 });
    const one = lab.host(1);
    for (const [before, after] of [
      ["0", "0"],
      ["1", "2"],
      ["2", "2"],
    ] as const) {
      await one.place.exec(
        "sysctl",
        "-qw",
        "net.ipv4.conf.all.rp_filter=0",
        `net.ipv4.conf.default.rp_filter=${before}`,
      );
      await one.sync();
      expect((await one.place.exec("sysctl", "-n", `net.ipv4.conf.${DEVICE}.rp_filter`)).trim()).toBe(after);
      await one.place.exec("ip", "link", "del", DEVICE);
    }
  },
);

testUnless(lack, "sync makes the device before there is any container; the host is reached", async () => {
  await using lab = await makeOverlayLab({ underlay: 4, hosts: 2 });
  for (const host of lab.hosts) await host.sync();
  expect(await ping(lab.host(1).place, "10.244.2.0")).toBe(true);
  expect(await ping(lab.host(1).place, "fd00:244:2::")).toBe(true);
});

testUnless(lack, "a jumbo underlay gives a jumbo network, and mtu keeps it smaller", async () => {
  await using _ = closeOthers;
  await using lab = await makeOverlayLab({ underlay: 4, hosts: 1, mtu: 9000 });
  const one = lab.host(1);
  const a = await one.attach("a");
  expect(await devices(one)).toMatchObject([{ mtu: 8950 }]);
  expect(JSON.parse(await a.sandbox.exec("ip", "-j", "link", "show", "dev", "eth0"))).toMatchObject([{ mtu: 8950 }]);
});

testUnless(
  lack ?? (hasReference ? undefined : "the reference plugins are not installed"),
  "an IPAM plugin that is executed gets this host's subnets too: the reference's host-local",
  async () => {
    await using _ = closeOthers;
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 1 });
    const one = lab.host(1);
    const folder = join(one.peersDir, "../mixed");
    await mkdir(folder);
    // The plugin alone, with what it runs in.
    for (const name of readdirSync(OURS_DIR ?? "").filter((each) => each === "vxlan" || each.startsWith("tsnet")))
      await one.place.exec("ln", join(OURS_DIR ?? "", name), join(folder, name));
    const path = [folder, REFERENCE_DIR];
    const sandbox = await another(one);
    const at = { containerId: "a", netns: sandbox.path, path };
    // The newest version that it knows.
    const chain = makeChain({ name: "blue", host: one.place, cniVersion: "1.0.0", plugins: [one.plugin] });
    const { ips } = await chain.add(at);
    expect(ips?.map(({ address }) => address)).toEqual(["10.244.1.2/24", "fd00:244:1::2/64"]);
    await chain.check(at);
    await chain.del(at);
    expect(await devices(one)).toEqual([]);
  },
);

testUnless(lack, "overlay show and sync say what there is, also as JSON, and what cannot be found", async () => {
  await using lab = await makeOverlayLab({ underlay: 4, hosts: 2 });
  const one = lab.host(1);
  const before = await one.overlay("show");
  expect(before.code).toBe(1);
  expect(before.stdout).toContain("ov42: missing");
  expect(JSON.parse((await one.overlay("sync", "--json")).stdout)).toMatchObject({
    network: "blue",
    changes: expect.arrayContaining([expect.stringMatching(/^\+ fdb 02:\S+ dst 192\.0\.2\.2$/)]),
    problems: [],
  });
  const shown = await one.overlay("show", "blue");
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(
    /^network blue: ov42, VNI 42, UDP port 4789, MTU 1450\nthis host: 192\.0\.2\.1 on eth0, MAC 02:\S+, 10\.244\.1\.0\/24 fd00:244:1::\/64\n +PEER .*\n +192\.0\.2\.2 +02:\S+ +10\.244\.2\.0\/24 fd00:244:2::\/64 +vxlan +ok\n +kernel and config agree\n$/,
  );
  expect(JSON.parse((await one.overlay("show", "--json")).stdout)).toMatchObject({
    ...{ network: "blue", device: "ov42", vni: 42, port: 4789, mtu: 1450, dev: "eth0", local: "192.0.2.1" },
    agrees: true,
    peers: [{ address: "192.0.2.2", subnets: ["10.244.2.0/24", "fd00:244:2::/64"], way: "vxlan", differences: [] }],
    surplus: [],
    problems: [],
  });
  const wrong = await one.overlay("show", "green");
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(wrong.stderr).toContain('there is no network "green" with a plugin of type "vxlan"');
  const none = await one.overlay("sync", "--conf-dir", "/nowhere");
  expect(none.stderr).toContain("no network in /nowhere");
});
