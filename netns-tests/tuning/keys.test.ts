/** What is refused, and that nothing has changed then; the list of allowed keys; how neighbours hear of a new address. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { inMounts, withReadOnly } from "../contract/places.ts";
import { makeChain } from "../support/chain.ts";
import type { Place } from "../support/place.ts";
import { testUnless } from "../support/skip.ts";
import { CONTAINER, difference, HOST, lacks, MAC, makeWorld, type World } from "./world.ts";

const OK = { code: 0, stderr: "" };

async function expectRefused(world: World, keys: JsonObject, code: number, msg: RegExp, host?: Place): Promise<void> {
  const before = await world.state();
  const answer = await world.call("ADD", keys, host ? { host } : {});
  expect(answer).toMatchObject({ code: 1, json: { code } });
  expect(String(answer.json?.["msg"])).toMatch(msg);
  expect(difference(before, await world.state())).toEqual([]);
  expect(existsSync(`${world.dataDir}/one_eth0.json`)).toBe(false);
}

testUnless(lacks, "all keys are looked at before any is written; a refused value takes the others back", async () => {
  await using world = await makeWorld();
  const first = { "net.ipv4.conf.IFNAME.arp_filter": "1", "net.ipv4.conf.all.log_martians": "1" };
  const rows: [keys: JsonObject, msg: RegExp][] = [
    [
      { sysctl: { ...first, "net.ipv4.no_such": "1" } },
      /"net\.ipv4\.no_such": the container has no parameter \/proc\/sys\/net\/ipv4\/no_such/,
    ],
    [{ sysctl: { ...first, "net.ipv4.conf.eth9.arp_filter": "1" } }, /no parameter/],
    [{ sysctl: { ...first, "net.ipv4.conf": "1" } }, /no parameter/],
    [{ sysctl: { ...first, "net.ipv4.conf.eth0.arp_filter": "0" } }, /are one parameter and have different values/],
    [{ sysctl: { ...first, "net.ipv4.conf.IFNAME.forwarding": "maybe" } }, /the kernel does not take "maybe"/],
    [{ sysctl: { ...first, "net.ipv4.tcp_congestion_control": "nobody" } }, /the kernel does not take "nobody"/],
    [{ sysctl: first, mtu: 70_000 }, /key "mtu": "eth0" takes 68 to 65535 bytes, have 70000/],
    [{ sysctl: first, mac: "01:00:5e:00:00:01" }, /"mac"/],
    [{ sysctl: { ...first, "net.ipv4.conf.IFNAME.arp_filter": 1 } }, /need a string/],
    [{ sysctl: first, prevResult: null }, /after another plugin/],
  ];
  for (const [keys, msg] of rows) await expectRefused(world, keys, 7, msg);
  expect(await world.call("ADD", { sysctl: first })).toMatchObject(OK);
});

testUnless(lacks, "a parameter that can only be written is written, and checked no further", async () => {
  await using world = await makeWorld();
  const keys = { sysctl: { "net.ipv4.route.flush": "1" } };
  for (const command of ["ADD", "CHECK", "DEL"] as const) expect(await world.call(command, keys)).toMatchObject(OK);
});

testUnless(lacks, "no interface of that name is said, by CHECK as well", async () => {
  await using world = await makeWorld();
  await world.sandbox.exec("ip", "link", "del", "eth0");
  expect(await world.call("ADD", { mtu: 1400 })).toMatchObject({ code: 1, json: { code: 100 } });
  const checked = await world.call("CHECK", { mtu: 1400, sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" } });
  expect(checked).toMatchObject({ code: 1, json: { code: 101 } });
});

testUnless(lacks, "records that cannot be written stop ADD before it changes anything", async () => {
  await using world = await makeWorld();
  mkdirSync(world.dataDir, { recursive: true });
  const host = withReadOnly(world, world.dataDir);
  await expectRefused(world, { mtu: 1400 }, 100, /write down what was: .*read-only/i, host);
  const status = await world.call("STATUS", {}, { host });
  expect(status).toMatchObject({ code: 1, json: { code: 50 } });
  expect(await world.call("STATUS")).toMatchObject({ ...OK, stdout: "" });
});

testUnless(lacks, "an interface that takes no hardware address is named", async () => {
  await using world = await makeWorld();
  await world.sandbox.exec("ip", "link", "del", "eth0");
  await world.sandbox.exec("ip", "link", "add", "eth0", "up", "type", "ifb");
  await expectRefused(world, { mtu: 1400, mac: "02:00:00:00:00:61" }, 100, /"eth0" takes no other hardware address/);
});

const KEY = "net.ipv4.conf.IFNAME.arp_filter";

/** The host as it is when an administrator has a list. */
function withList(world: World, text: string): Place {
  const file = join(world.dataDir, "../allowlist.conf");
  writeFileSync(file, text);
  return inMounts(
    world,
    `mount -t tmpfs tmpfs /etc/cni 2>/dev/null || { mount -t tmpfs tmpfs /mnt && mkdir -p /mnt/upper /mnt/work /mnt/etc &&
       mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc; }
     mkdir -p /etc/cni/tuning && cp ${file} /etc/cni/tuning/allowlist.conf && exec "$@"`,
  );
}

testUnless(lacks, "the list of allowed keys: by expression, all or none, and no way around it", async () => {
  await using world = await makeWorld();
  const list = withList(world, `^net.ipv4.conf.IFNAME.[a-z_]*$\n\n^net/ipv6/conf/IFNAME/hop_limit$\n`);
  const refuse = (sysctl: JsonObject, msg = /is not allowed/): Promise<void> =>
    expectRefused(world, { sysctl }, 7, msg, list);
  await refuse({ [KEY]: "1", "net.ipv4.ip_forward": "1" });
  await refuse({ "net.ipv6.conf.IFNAME.hop_limit2": "1" });
  await refuse({ "net.ipv4.conf.IFNAME./../../all.forwarding": "1" }, /is no name of a kernel parameter/);
  await refuse({ "net.ipv4.conf.IFNAME.x/../../ip_forward": "1" }, /is no name|not allowed/);
  const more = { host: list };
  const args = { cni: { sysctl: { "net.ipv4.ip_forward": "1" } } };
  expect(await world.call("ADD", { args }, more)).toMatchObject({ code: 1, json: { code: 7 } });
  const allowed = { sysctl: { [KEY]: "1", "net/ipv6/conf/IFNAME/hop_limit": "9" } };
  expect(await world.call("ADD", allowed, more)).toMatchObject(OK);
  // What needs no key needs no list.
  expect(await world.call("ADD", { mtu: 1400 }, { host: withList(world, "(") })).toMatchObject(OK);
});

testUnless(lacks, "a list that is no list allows nothing, and STATUS says so", async () => {
  await using world = await makeWorld();
  const list = withList(world, "fine\n^net.ipv4.(conf\n");
  await expectRefused(world, { sysctl: { [KEY]: "1" } }, 100, /allowlist\.conf" is unusable: line 2 /, list);
  const status = await world.call("STATUS", {}, { host: list });
  expect(status).toMatchObject({ code: 1, json: { code: 50, msg: expect.stringContaining("allowlist.conf") } });
});

testUnless(lacks, "a neighbour hears of the new address at once, over IPv4 and IPv6", async () => {
  await using world = await makeWorld();
  const { host, sandbox } = world;
  const neighbour = async (address: string): Promise<string> => {
    const [seen] = JSON.parse(await host.exec("ip", "-j", "neigh", "show", address)) as { lladdr?: string }[];
    return seen?.lladdr ?? "";
  };
  for (const family of [4, 6] as const) {
    await host.exec("ping", "-c", "1", "-W", "2", CONTAINER[family]);
    expect(await neighbour(CONTAINER[family])).toBe(MAC);
  }
  const silent = ["net/ipv4/conf/eth0/arp_notify", "net/ipv6/conf/eth0/ndisc_notify"];
  expect(await sandbox.exec("sysctl", "-n", ...silent)).toBe("0\n0\n");
  const mac = "02:00:00:00:00:62";
  expect(await world.call("ADD", { mac })).toMatchObject(OK);
  // The kernel sends while ADD runs; a neighbour's queue may take a moment.
  for (const family of [4, 6] as const) {
    for (let i = 0; i < 50 && (await neighbour(CONTAINER[family])) !== mac; i++) await Bun.sleep(10);
    expect(await neighbour(CONTAINER[family])).toBe(mac);
  }
  expect(await sandbox.exec("sysctl", "-n", ...silent)).toBe("0\n0\n");
  await sandbox.exec("ping", "-c", "1", "-W", "2", HOST[4]);
});

testUnless(lacks, "CHECK compares values, not their texts", async () => {
  await using world = await makeWorld();
  const keys = {
    mac: "02-00-00-00-00-6A",
    sysctl: {
      "net.ipv4.ip_local_port_range": "20000   30000",
      "net.ipv4.ip_local_reserved_ports": "29000,21000-21001,21002",
      "net.ipv4.conf.IFNAME.arp_filter": "01",
    },
  };
  expect(await world.call("ADD", keys)).toMatchObject(OK);
  expect(await world.call("CHECK", keys)).toMatchObject(OK);
  // Promiscuous by somebody's capture, or by hand: nobody asked for it, and nobody asked for it not to be.
  await world.sandbox.exec("ip", "link", "set", "eth0", "promisc", "on");
  expect(await world.call("CHECK", keys)).toMatchObject(OK);
  await world.sandbox.exec("sysctl", "-qw", "net.ipv4.ip_local_reserved_ports=29000,21000-21001");
  expect(await world.call("CHECK", keys)).toMatchObject({ code: 1, json: { code: 101 } });
});

testUnless(lacks, "the README's example does what it says", async () => {
  const page = readFileSync(join(import.meta.dir, "../../plugins/tuning/README.md"), "utf8");
  const [, text = ""] = /^```json\n(.*?)^```$/ms.exec(page) ?? [];
  const { plugins, cniVersion, name } = JSON.parse(text) as { plugins: JsonObject[]; cniVersion: string; name: string };
  await using world = await makeWorld();
  const [main = {}, own = {}] = plugins;
  const ipam = { ...(main["ipam"] as JsonObject), dataDir: world.dataDir };
  const list = [
    { ...main, ipam },
    { ...own, dataDir: world.dataDir },
  ];
  const chain = makeChain({ name, cniVersion, host: world.host, plugins: list });
  await world.sandbox.exec("ip", "link", "del", "eth0");
  const at = { containerId: "one", netns: world.sandbox.path };
  await chain.add(at);
  await chain.check(at);
  expect(await world.sandbox.exec("ip", "link", "show", "eth0")).toMatch(/mtu 1400 .*qlen 2000/);
  expect(await world.sandbox.exec("sysctl", "-n", "net.core.somaxconn", "net.ipv4.conf.eth0.arp_filter")).toBe(
    "500\n1\n",
  );
  await chain.del(at);
  expect(await world.sandbox.exec("sysctl", "-n", "net.core.somaxconn")).not.toBe("500\n");
});
