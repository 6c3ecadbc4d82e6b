/** What ADD changes, DEL puts back: where it is still the same interface, and nowhere else. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { JsonObject } from "../../src/cni/types.ts";
import { makeSandbox } from "../support/netns.ts";
import { REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { lacksFile, testUnless } from "../support/skip.ts";
import { difference, lacks, MAC, makeWorld } from "./world.ts";

const ALL = {
  mac: "02:00:00:00:00:60",
  mtu: 1400,
  promisc: true,
  allmulti: true,
  txQLen: 0,
  sysctl: {
    "net.ipv4.conf.IFNAME.arp_filter": "1",
    "net.ipv4.conf.all.log_martians": "1",
    "net.ipv4.ip_local_port_range": "20000 30000",
    "net.ipv6.conf.IFNAME.hop_limit": "33",
  },
} as const;

const OK = { code: 0, stderr: "" };
/** The kernel's own consequences of another MTU. */
const FOLLOWS = /^net\.ipv6\.conf\.eth0\.mtu:/;

testUnless(lacks, "DEL puts everything back; a second one and one without a namespace find nothing to do", async () => {
  await using world = await makeWorld();
  const before = await world.state();
  expect(await world.call("ADD", ALL)).toMatchObject(OK);
  const changed = difference(before, await world.state()).filter((line) => !FOLLOWS.test(line));
  expect(changed.length).toBe(5);
  expect(readdirSync(world.dataDir)).toEqual(["one_eth0.json"]);
  for (let round = 0; round < 2; round++) {
    expect(await world.call("DEL", ALL)).toMatchObject({ ...OK, stdout: "" });
    expect(difference(before, await world.state())).toEqual([]);
    expect(readdirSync(world.dataDir)).toEqual([]);
  }
  expect(await world.call("ADD", ALL)).toMatchObject(OK);
  expect(await world.call("DEL", ALL, { netns: "" })).toMatchObject({ ...OK, stdout: "" });
  expect(readdirSync(world.dataDir)).toEqual([]);
});

testUnless(lacks, "an empty value is set, checked and put back", async () => {
  await using world = await makeWorld();
  const ports = (value: string) => ({ sysctl: { "net.ipv4.ip_local_reserved_ports": value } });
  const before = await world.state();
  expect(await world.call("ADD", ports("8080"))).toMatchObject(OK);
  const reserved = await world.state();
  expect(difference(before, reserved).length).toBe(1);
  expect(await world.call("DEL", ports("8080"))).toMatchObject(OK);
  expect(difference(before, await world.state())).toEqual([]);

  await world.sandbox.exec("sysctl", "-w", "net.ipv4.ip_local_reserved_ports=8080");
  expect(await world.call("ADD", ports(""))).toMatchObject(OK);
  expect(difference(before, await world.state())).toEqual([]);
  expect(await world.call("CHECK", ports(""))).toMatchObject(OK);
  expect(await world.call("DEL", ports(""))).toMatchObject(OK);
  expect(difference(reserved, await world.state())).toEqual([]);
  // Where an empty value means nothing it is refused.
  expect(await world.call("ADD", { sysctl: { "net.ipv4.ip_forward": "" } })).toMatchObject({ json: { code: 7 } });
});

testUnless(lacks, "the result has the new address and MTU, in the container's interface alone", async () => {
  await using world = await makeWorld();
  const { json } = await world.call("ADD", ALL);
  expect(json?.["interfaces"]).toEqual([
    { name: "port0", mtu: 1500 },
    { name: "eth0", mac: ALL.mac, mtu: 1400, sandbox: world.sandbox.path },
  ]);
});

testUnless(lacks, "after two ADDs DEL puts back what was before the first", async () => {
  await using world = await makeWorld();
  const before = await world.state();
  for (const keys of [
    ALL,
    { mtu: 1300, sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "0", "net.core.somaxconn": "77" } },
  ])
    expect(await world.call("ADD", keys)).toMatchObject(OK);
  expect(await world.call("DEL")).toMatchObject(OK);
  expect(difference(before, await world.state())).toEqual([]);
});

testUnless(lacks, "an ADD that fails at its last step leaves an earlier ADD's record and values", async () => {
  await using world = await makeWorld();
  expect(await world.call("ADD", { mtu: 1400 })).toMatchObject(OK);
  const [before, record] = [await world.state(), readFileSync(`${world.dataDir}/one_eth0.json`, "utf8")];
  const sysctl = { "net.ipv4.conf.IFNAME.arp_filter": "1", "net.ipv4.tcp_congestion_control": "no-such" };
  expect(await world.call("ADD", { mtu: 1300, sysctl })).toMatchObject({ code: 1, json: { code: 7 } });
  expect(difference(before, await world.state())).toEqual([]);
  expect(readFileSync(`${world.dataDir}/one_eth0.json`, "utf8")).toBe(record);
});

testUnless(lacks, "DEL does not touch another namespace that the path leads to by now", async () => {
  await using world = await makeWorld();
  expect(await world.call("ADD", ALL)).toMatchObject(OK);
  const { tsnet } = JSON.parse(readFileSync(`${world.dataDir}/one_eth0.json`, "utf8")) as { tsnet: { link: number } };
  // Another container whose first interface has the same number, and who tunes itself.
  await using stranger = await makeSandbox();
  const like = ["eth0", "index", String(tsnet.link), "mtu", "1400", "address", ALL.mac];
  await stranger.exec("ip", "link", "add", ...like, "type", "ifb");
  await stranger.exec("sysctl", "-qw", "net.ipv4.ip_local_port_range=20000 30000");
  expect(await world.call("DEL", ALL, { netns: stranger.path })).toMatchObject(OK);
  expect(await stranger.exec("ip", "link", "show", "eth0")).toMatch(/mtu 1400 .*\n.*02:00:00:00:00:60/);
  expect(await stranger.exec("sysctl", "-n", "net.ipv4.ip_local_port_range")).toBe("20000\t30000\n");
  expect(readdirSync(world.dataDir)).toEqual([]);
});

testUnless(lacks, "a record that a crash cut, or that is none, stops nothing", async () => {
  await using world = await makeWorld();
  mkdirSync(world.dataDir, { recursive: true });
  for (const text of ["", "{", "[]", '{"mtu":"x","tsnet":5}', "\u0000"]) {
    writeFileSync(`${world.dataDir}/one_eth0.json`, text);
    expect(await world.call("DEL")).toMatchObject(OK);
    expect(readdirSync(world.dataDir)).toEqual([]);
  }
});

testUnless(lacks, "GC puts back in a namespace that still stands, and removes what a crash left", async () => {
  await using world = await makeWorld();
  const before = await world.state();
  expect(await world.call("ADD", ALL)).toMatchObject(OK);
  expect(await world.call("ADD", { mtu: 1400 }, { containerId: "two" })).toMatchObject(OK);
  writeFileSync(`${world.dataDir}/three_eth0.json`, "");
  writeFileSync(`${world.dataDir}/.tsnet-0123456789abcdef.tmp`, "");
  writeFileSync(`${world.dataDir}/reference_eth0.json`, '{"mtu":1500}');
  const list = (...ids: string[]) => ({
    "cni.dev/valid-attachments": ids.map((containerID) => ({ containerID, ifname: "eth0" })),
  });
  expect(await world.call("GC", list("one", "two"))).toMatchObject({ code: 0, stdout: "" });
  expect(readdirSync(world.dataDir).sort()).toEqual(["one_eth0.json", "reference_eth0.json", "two_eth0.json"]);
  expect(await world.call("GC", list("two"))).toMatchObject({ code: 0, stdout: "" });
  expect(difference(before, await world.state())).toEqual([]);
  expect(await world.call("GC", list())).toMatchObject({ code: 0, stdout: "" });
  expect(readdirSync(world.dataDir)).toEqual(["reference_eth0.json"]);
});

testUnless(lacks, "what cannot be put back is said and stops nothing", async () => {
  await using world = await makeWorld();
  expect(await world.call("ADD", ALL)).toMatchObject(OK);
  const path = `${world.dataDir}/one_eth0.json`;
  const record = JSON.parse(readFileSync(path, "utf8")) as { mtu: number };
  writeFileSync(path, JSON.stringify({ ...record, mtu: 99_999_999 }));
  const answer = await world.call("DEL");
  expect(answer.code).toBe(0);
  expect(answer.stderr).toMatch(/cannot put back MTU of "eth0": /);
  expect(existsSync(path)).toBe(false);
  expect(await world.sandbox.exec("ip", "link", "show", "eth0")).toContain(MAC);
});

const reference = { path: [REFERENCE_DIR] };
const old = (keys: JsonObject, sandbox: string): JsonObject => ({
  ...keys,
  cniVersion: "1.0.0",
  prevResult: { cniVersion: "1.0.0", interfaces: [{ name: "eth0", mac: MAC, sandbox }] },
});
const LINK = { mac: ALL.mac, mtu: 1400, promisc: true, allmulti: true };
const withReference = [...lacks, lacksFile(`${REFERENCE_DIR}/tuning`)];

testUnless(withReference, "DEL puts back what the reference wrote down", async () => {
  await using world = await makeWorld();
  const before = await world.state();
  const added = await world.call("ADD", old(LINK, world.sandbox.path), reference);
  expect(added).toMatchObject({ code: 0 });
  const prevResult = JSON.parse(added.stdout) as JsonObject;
  expect(await world.call("CHECK", { ...LINK, prevResult, cniVersion: "1.0.0" })).toMatchObject(OK);
  // Of another interface of that name it is no record.
  const foreign = { cniVersion: "1.0.0", interfaces: [{ name: "eth0", mac: MAC, sandbox: world.sandbox.path }] };
  const record = readFileSync(`${world.dataDir}/one_eth0.json`);
  expect(await world.call("DEL", { prevResult: foreign, cniVersion: "1.0.0" })).toMatchObject(OK);
  expect(difference(before, await world.state())).not.toEqual([]);
  writeFileSync(`${world.dataDir}/one_eth0.json`, record);
  expect(await world.call("DEL", { prevResult, cniVersion: "1.0.0" })).toMatchObject(OK);
  expect(difference(before, await world.state())).toEqual([]);
  expect(readdirSync(world.dataDir)).toEqual([]);
});

testUnless(withReference, "the reference puts back what was written down here", async () => {
  await using world = await makeWorld();
  const before = await world.state();
  expect(await world.call("ADD", old(LINK, world.sandbox.path))).toMatchObject(OK);
  expect(await world.call("DEL", old(LINK, world.sandbox.path), reference)).toMatchObject({ code: 0 });
  expect(difference(before, await world.state())).toEqual([]);
  expect(readdirSync(world.dataDir)).toEqual([]);
});
