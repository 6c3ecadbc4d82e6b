import { expect } from "bun:test";
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadNative } from "../../native/load.ts";
import type { CniResult } from "../../src/cni/types.ts";
import { openKernel } from "../../src/kernel/open.ts";
import { PLUGINS } from "../../src/main/registry.ts";
import { repairAll } from "../../src/tsnet/repair/repair.ts";
import type { Surroundings } from "../../src/tsnet/surroundings.ts";
import { NO_TERMINAL } from "../../src/tsnet/terminal.ts";
import { connect, makeNetns, makeSandbox } from "../support/netns.ts";
import type { Place } from "../support/place.ts";
import { hasReference, OURS_DIR, REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { reaches, serveAll, tcpEcho } from "../support/traffic.ts";
import { bridgeList, lacksTsnet, published, type Workplace, workplace } from "./tsnet.ts";

const SUBNETS = ["10.32.0.0/24", "fd32::/64"];
const PEER = ["192.0.2.1", "2001:db8::1"] as const;
const HOST = ["192.0.2.2", "2001:db8::2"] as const;

/** A neighbour outside, without a way back to the containers: it answers only who is masqueraded. */
async function outsideOf(host: Place) {
  const outside = await makeNetns();
  await connect(outside, "up0", [`${PEER[0]}/24`, `${PEER[1]}/64`], host, "up1", [`${HOST[0]}/24`, `${HOST[1]}/64`]);
  return outside;
}

async function addContainer(w: Workplace, netns: string, hostPort: number): Promise<CniResult> {
  return JSON.parse(await w.must("cni", "add", "web", netns, "--cap-args", published(hostPort, 80))) as CniResult;
}

const flush = (host: Place) => host.exec("nft", "flush", "ruleset");
const withoutTime = { ignore: [/netns t/, /nft .* handle/] };

testUnless(lacksTsnet, "repair puts back everything that a flush took, and nothing else", async () => {
  await using host = await makeNetns();
  await using peer = await outsideOf(host);
  await using blue = await makeSandbox();
  await using red = await makeSandbox();
  await using w = await workplace(host);
  const [bridge = {}, portmap = {}] = bridgeList(w, SUBNETS);
  await w.network("web", [{ ...bridge, macspoofchk: true }, portmap]);
  await addContainer(w, blue.path, 8080);
  await addContainer(w, red.path, 8081);
  await using _blue = await serveAll(blue, 80);
  await using _red = await serveAll(red, 80);
  await using _peer = await serveAll(peer, 90);
  const timeoutMs = 800;
  const works = async () => ({
    in: await Promise.all(
      HOST.flatMap((a) => [8080, 8081].map((port) => reaches(peer, "tcp", a, port, { timeoutMs }))),
    ),
    out: await Promise.all(PEER.map((address) => reaches(blue, "tcp", address, 90, { timeoutMs }))),
    self: await reaches(host, "udp", "127.0.0.1", 8081, { timeoutMs }),
  });
  const yes = { in: [true, true, true, true], out: [true, true], self: true };
  // The host asks for its neighbours once the bridge's own link-local address has passed duplicate-address detection.
  for (let tries = 0; tries < 10 && !Bun.deepEquals(await works(), yes); tries++) await Bun.sleep(200);
  expect(await works()).toEqual(yes);
  const whole = await snapshot(host, { folders: [w.folder] });

  await flush(host);
  await host.exec("ip", "addr", "flush", "dev", "br0", "scope", "global");
  await host.exec("sysctl", "-qw", "net.ipv4.conf.br0.route_localnet=0", "net.ipv4.ip_forward=0");
  const flushed = await snapshot(host, { folders: [w.folder] });
  expect(await works()).toEqual({ in: [false, false, false, false], out: [false, false], self: false });

  expect(await w.must("repair", "--dry-run")).toContain("0 whole, 2 to repair, 0 failed");
  expect(diff(flushed, await snapshot(host, { folders: [w.folder] }), withoutTime)).toEqual([]);

  const said = await w.must("repair");
  for (const part of [
    "host ports tcp 0.0.0.0:8080",
    "masquerading of 10.32.0.2/24, fd32::2/64",
    "the gateway of",
    "source addresses",
  ])
    expect(said).toContain(part);
  expect(said).toContain("0 whole, 2 repaired, 0 failed, 0 gone");
  expect(diff(whole, await snapshot(host, { folders: [w.folder] }), withoutTime)).toEqual([]);
  expect(await works()).toEqual(yes);

  expect(await w.must("repair")).toBe(
    `2 attachments in ${w.cacheDir}: 2 whole, 0 repaired, 0 failed, 0 gone, 0 of another main plugin\n`,
  );
  for (const { path } of [blue, red]) await w.must("cni", "check", "web", path, "--cap-args", "{}");
  for (const { path } of [blue, red]) await w.must("cni", "del", "web", path);
  expect(await host.exec("nft", "list", "ruleset")).not.toMatch(/10\.32\.0\.|fd32::[0-9]/);
});

testUnless(
  lacksTsnet,
  "repair makes a shared bridge again, with its address, and puts ports and sysctls back",
  async () => {
    await using host = await makeNetns();
    await using blue = await makeSandbox();
    await using red = await makeSandbox();
    await using w = await workplace(host);
    const [bridge = {}, portmap = {}] = bridgeList(w, SUBNETS);
    await w.network("web", [{ ...bridge, hairpinMode: true }, portmap]);
    await addContainer(w, blue.path, 8080);
    await addContainer(w, red.path, 8081);
    await using _blue = await serveAll(blue, 80);
    const reached = async () => [
      await reaches(red, "tcp", "10.32.0.2", 80, { timeoutMs: 800 }),
      await reaches(host, "tcp", "10.32.0.2", 80, { timeoutMs: 800 }),
    ];
    for (let tries = 0; tries < 10 && !Bun.deepEquals(await reached(), [true, true]); tries++) await Bun.sleep(200);
    expect(await reached()).toEqual([true, true]);
    const whole = await snapshot(host, { folders: [w.folder] });

    await host.exec("ip", "link", "del", "br0");
    await host.exec("sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0");
    expect(await reached()).toEqual([false, false]);
    const dry = await w.must("repair", "--dry-run");
    expect(dry).toContain('missing: bridge "br0": bridge "br0" is missing');
    const said = await w.must("repair");
    expect(said).toContain('put back: bridge "br0": bridge "br0" is missing');
    expect(said).toMatch(/put back: port "veth[0-9a-f]{11}": "veth[0-9a-f]{11}" is not a port of bridge "br0"/);
    expect(said).toContain("2 repaired, 0 failed");
    expect(diff(whole, await snapshot(host, { folders: [w.folder] }), withoutTime)).toEqual([]);
    for (let tries = 0; tries < 10 && !Bun.deepEquals(await reached(), [true, true]); tries++) await Bun.sleep(200);
    expect(await reached()).toEqual([true, true]);

    const [port = ""] = /veth[0-9a-f]{11}/.exec(said) ?? [];
    for (const change of [
      ["ip", "link", "set", "br0", "down"],
      ["ip", "link", "set", port, "down"],
      ["ip", "link", "set", port, "nomaster"],
      ["ip", "link", "set", port, "type", "bridge_slave", "hairpin", "off"],
    ]) {
      await host.exec(...change);
      expect(await w.must("repair")).toMatch(/[12] repaired, 0 failed/);
      expect(await w.must("repair")).toContain("2 whole, 0 repaired");
    }
    expect(diff(whole, await snapshot(host, { folders: [w.folder] }), withoutTime)).toEqual([]);
  },
);

testUnless(lacksTsnet, "an attachment that is gone stays gone, one whose port is taken is reported", async () => {
  await using host = await makeNetns();
  await using blue = await makeSandbox();
  await using red = await makeSandbox();
  await using green = await makeSandbox();
  await using w = await workplace(host);
  await w.network("web", bridgeList(w, SUBNETS.slice(0, 1)));
  await addContainer(w, blue.path, 8080);
  await addContainer(w, red.path, 8081);
  // A runtime that died between the plugins' DEL and forgetting.
  await cp(join(w.cacheDir, "results"), join(w.folder, "kept"), { recursive: true });
  await w.must("cni", "del", "web", blue.path);
  await cp(join(w.folder, "kept"), join(w.cacheDir, "results"), { recursive: true, force: false });
  await flush(host);
  await addContainer(w, green.path, 8081);

  const ran = await w.tsnet(["repair"]);
  expect(ran.code).toBe(1);
  expect(ran.stdout).toMatch(/failed: host port tcp 0\.0\.0\.0:8081 is taken by web .* \(code 11\)/);
  expect(ran.stdout).toContain("1 whole, 0 repaired, 1 failed, 1 gone");
  const rules = await host.exec("nft", "list", "ruleset");
  expect(rules).not.toContain("10.32.0.2");
  // What does not depend on the port is back.
  expect(rules).toContain("10.32.0.3 comment");
  const json = JSON.parse((await w.tsnet(["repair", "--json"])).stdout) as { attachments: { state: string }[] };
  expect(json.attachments.map(({ state }) => state).sort()).toEqual(["failed", "gone", "whole"]);
});

testUnless(
  [lacksTsnet, hasReference ? undefined : "the reference plugins are not installed"],
  "ports of a container on a foreign main plugin come back when asked for",
  async () => {
    await using host = await makeNetns();
    await using blue = await makeSandbox();
    await using w = await workplace(host, [OURS_DIR ?? "", REFERENCE_DIR]);
    // Under a name that none of ours has.
    await cp(join(REFERENCE_DIR, "ptp"), join(w.folder, "bin", "routed"));
    const ipam = { type: "host-local", dataDir: w.leases, ranges: [[{ subnet: "10.33.0.0/24" }]] };
    const portmap = { type: "portmap", capabilities: { portMappings: true } };
    await w.network("web", [{ type: "routed", ipMasq: false, ipam }, portmap], "1.0.0");
    await addContainer(w, blue.path, 8080);
    await using _blue = await serveAll(blue, 80);
    expect((await tcpEcho(host, "10.33.0.1", 8080)).address).not.toBe("");
    await flush(host);
    expect(await w.must("repair")).toContain("0 repaired, 0 failed, 0 gone, 1 of another main plugin");
    expect(await reaches(host, "tcp", "10.33.0.1", 8080)).toBe(false);
    expect(await w.must("repair", "--foreign")).toContain("1 repaired");
    expect(await reaches(host, "tcp", "10.33.0.1", 8080)).toBe(true);

    // Another container's interface under the same path is not taken for it.
    await blue.exec("ip", "link", "set", "eth0", "address", "02:00:00:00:00:99");
    await flush(host);
    expect(await w.must("repair", "--foreign")).toContain("1 gone");
    expect(await host.exec("nft", "list", "ruleset")).toBe("");
  },
);

testUnless(lacksTsnet, "repair --release takes our tables away and nobody else's; repair takes that back", async () => {
  await using host = await makeNetns();
  await using blue = await makeSandbox();
  await using w = await workplace(host);
  await w.network("web", bridgeList(w, SUBNETS));
  await addContainer(w, blue.path, 8080);
  await host.exec("nft", "add", "table", "inet", "other");
  await host.exec("nft", "add", "table", "ip", "tsnet");
  const localnet = () => host.exec("sysctl", "-n", "net.ipv4.conf.br0.route_localnet");
  expect(await localnet()).toBe("1\n");
  const whole = await snapshot(host, { folders: [w.folder] });

  expect(await w.must("repair", "--release", "--dry-run")).toContain(
    "would go:\n  tables inet tsnet: 4 published ports",
  );
  expect(diff(whole, await snapshot(host, { folders: [w.folder] }), withoutTime)).toEqual([]);
  expect(await w.must("repair", "--release")).toContain("masquerading of 2 addresses");
  expect((await host.exec("nft", "list", "tables")).trim().split("\n").sort()).toEqual([
    "table inet other",
    "table ip tsnet",
  ]);
  // Without the guard in the tables, neighbours must not reach the host's 127.0.0.1.
  expect(await localnet()).toBe("0\n");
  expect(await w.must("repair", "--release")).toContain("nothing to release");

  await w.must("repair");
  expect(diff(whole, await snapshot(host, { folders: [w.folder] }), withoutTime)).toEqual([]);
  await w.must("repair", "--release");
  await w.must("cni", "del", "web", blue.path);
  expect(await w.remembered()).toEqual([]);
});

testUnless(lacksTsnet, "an empty cache, no cache, and files that are none", async () => {
  await using host = await makeNetns();
  await using w = await workplace(host);
  expect(await w.must("repair")).toContain("0 attachments");
  await mkdir(join(w.cacheDir, "results"), { recursive: true });
  await Bun.write(join(w.cacheDir, "results", "web-x-eth0"), "not JSON");
  await Bun.write(
    join(w.cacheDir, "results", "web-y-eth0"),
    JSON.stringify({ kind: "cniCacheV1", containerId: "y", config: "e30=", ifName: "eth0", networkName: "web" }),
  );
  const ran = await w.tsnet(["repair"]);
  expect(ran.stdout).toContain("1 attachment in");
  expect(ran.stderr).toContain("1 file in");
  expect(await host.exec("nft", "list", "ruleset")).toBe("");
});

testUnless(lacksTsnet, "what was deleted while it was being repaired leaves nothing behind", async () => {
  await using host = await makeNetns();
  await using blue = await makeSandbox();
  await using w = await workplace(host);
  await w.network("web", bridgeList(w, SUBNETS));
  await addContainer(w, blue.path, 8080);
  const [portmap, bridge] = [await PLUGINS["portmap"]?.(), await PLUGINS["bridge"]?.()];
  if (!portmap?.repair || !bridge) throw new Error("portmap has no repair");
  await flush(host);
  const native = loadNative();
  await using outer = openKernel(native, { waiting: "here" });
  await using kernel = await outer.enter(host.path);
  // DEL of portmap has come before, that of bridge comes between.
  const deletedMeanwhile = {
    ...portmap,
    repair: async (...given: Parameters<NonNullable<typeof portmap.repair>>) => {
      const missing = await portmap.repair?.(...given);
      expect(await host.exec("nft", "list", "ruleset")).toContain("10.32.0.2");
      await blue.exec("ip", "link", "del", "eth0");
      return missing ?? [];
    },
  };
  const surroundings: Surroundings = {
    ...{ native, env: {}, cwd: "/", ownFolder: "/", ipams: {}, terminal: NO_TERMINAL, out: () => {}, err: () => {} },
    plugins: { bridge: async () => bridge, portmap: async () => deletedMeanwhile },
  };
  const how = { cacheDir: w.cacheDir, dryRun: false, foreign: false };
  const all = await repairAll(surroundings, kernel, how);
  expect(all.map(({ state }) => state)).toEqual(["gone"]);
  expect(await host.exec("nft", "list", "ruleset")).not.toMatch(/10\.32\.0\.2|fd32::2/);
});
