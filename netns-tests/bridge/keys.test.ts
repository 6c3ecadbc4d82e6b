import { expect } from "bun:test";
import type { JsonObject } from "../../src/cni/types.ts";
import { PluginFailure } from "../support/plugin.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { ping, reaches, serveAll, tcpEcho } from "../support/traffic.ts";
import { type Container, first, lack, makeLab } from "./lab.ts";

/** Each key of the bridge plugin, seen by iproute2 or by traffic. */

const hostEnd = (c: Container): string => c.result.interfaces?.[1]?.name ?? "";

testUnless(lack, "a layer-2 network carries frames, and CHECK passes on it", async () => {
  await using lab = await makeLab({ ipam: null });
  const [a, b] = [await lab.attach("a"), await lab.attach("b")];
  expect(a.result.ips).toBeUndefined();
  await a.sandbox.exec("ip", "addr", "add", "192.0.2.1/24", "dev", "eth0");
  await b.sandbox.exec("ip", "addr", "add", "192.0.2.2/24", "dev", "eth0");
  expect(await ping(a.sandbox, "192.0.2.2")).toBe(true);
  await lab.chain.check(a.at);
});

testUnless(lack, "mtu holds on the bridge and both ends, and stands in the result", async () => {
  await using lab = await makeLab({ mtu: 1400 });
  const a = await lab.attach("a");
  for (const [where, name] of [
    [lab.host, "br0"],
    [lab.host, hostEnd(a)],
    [a.sandbox, "eth0"],
  ] as const)
    expect(await first(where, "ip", "-j", "link", "show", "dev", name)).toMatchObject({ mtu: 1400 });
  expect(a.result.interfaces?.map((i) => i.mtu)).toEqual([1400, 1400, 1400]);
});

testUnless(lack, "the container's address comes from the runtime, then args, then CNI_ARGS", async () => {
  await using lab = await makeLab({ capabilities: { mac: true } });
  const byArgs = await lab.attach("a", { args: "IgnoreUnknown=1;MAC=02:00:00:00:00:01;K8S_POD_NAME=x" });
  const byRuntime = await lab.attach("b", {
    args: "IgnoreUnknown=1;MAC=02:00:00:00:00:01",
    runtimeConfig: { mac: "02:00:00:00:00:02" },
  });
  for (const [container, mac] of [
    [byArgs, "02:00:00:00:00:01"],
    [byRuntime, "02:00:00:00:00:02"],
  ] as const) {
    expect(await first(container.sandbox, "ip", "-j", "link", "show", "dev", "eth0")).toMatchObject({ address: mac });
    expect(container.result.interfaces?.[2]?.mac).toBe(mac);
  }
});

testUnless(
  lack,
  "hairpin mode and port isolation are flags of the port, and isolation keeps containers apart",
  async () => {
    await using lab = await makeLab({ hairpinMode: true, portIsolation: true, isGateway: true });
    const [a, b] = [await lab.attach("a"), await lab.attach("b")];
    const port = await first(lab.host, "bridge", "-d", "-j", "link", "show", "dev", hostEnd(a));
    expect(port).toMatchObject({ hairpin: true, isolated: true });
    await using _server = await serveAll(b.sandbox, 7);
    await using _gateway = await serveAll(lab.host, 7);
    expect(await reaches(a.sandbox, "tcp", b.v4, 7)).toBe(false);
    expect(await reaches(a.sandbox, "tcp", b.v6, 7)).toBe(false);
    expect((await tcpEcho(a.sandbox, "10.55.0.1", 7)).address).toBe(a.v4);
  },
);

testUnless(lack, "promiscMode makes the bridge promiscuous, once", async () => {
  await using lab = await makeLab({ promiscMode: true });
  const a = await lab.attach("a");
  await lab.attach("b");
  expect((await first<{ flags: string[] }>(lab.host, "ip", "-j", "link", "show", "dev", "br0")).flags).toContain(
    "PROMISC",
  );
  await lab.chain.check(a.at);
});

testUnless(lack, "disableContainerInterface leaves the container's end down", async () => {
  await using lab = await makeLab({ disableContainerInterface: true, ipam: null });
  const a = await lab.attach("a");
  expect((await first<{ flags: string[] }>(a.sandbox, "ip", "-j", "link", "show", "dev", "eth0")).flags).not.toContain(
    "UP",
  );
  await lab.chain.check(a.at);
});

testUnless(lack, "another address on the bridge is an error, and forceAddress replaces it", async () => {
  for (const forceAddress of [false, true]) {
    await using lab = await makeLab({ isGateway: true, forceAddress });
    await lab.host.exec("ip", "link", "add", "br0", "type", "bridge");
    await lab.host.exec("ip", "addr", "add", "10.99.0.1/24", "dev", "br0");
    const outcome = await lab.attach("a").catch((error: unknown) => error);
    const { addr_info } = await first<{ addr_info: { local: string }[] }>(
      lab.host,
      "ip",
      "-j",
      "-4",
      "addr",
      "show",
      "dev",
      "br0",
    );
    expect(addr_info.map((a) => a.local)).toEqual([forceAddress ? "10.55.0.1" : "10.99.0.1"]);
    if (forceAddress) expect(outcome).not.toBeInstanceOf(Error);
    else {
      expect(outcome).toBeInstanceOf(PluginFailure);
      expect(outcome).toMatchObject({ code: 7 });
      expect((outcome as Error).message).toContain("10.99.0.1/24");
      expect(await lab.host.exec("ip", "-j", "link", "show", "type", "veth")).toBe("[]\n");
    }
  }
});

testUnless(lack, "a default gateway works for both families, through the host's forwarding", async () => {
  await using lab = await makeLab({ isDefaultGateway: true });
  const a = await lab.attach("a");
  await lab.host.exec("ip", "addr", "add", "198.51.100.1/32", "dev", "lo");
  await lab.host.exec("ip", "addr", "add", "2001:db8::1/128", "dev", "lo");
  await using _server = await serveAll(lab.host, 7);
  expect((await tcpEcho(a.sandbox, "198.51.100.1", 7)).address).toBe(a.v4);
  expect((await tcpEcho(a.sandbox, "2001:db8::1", 7)).address).toBe(a.v6);
  for (const key of ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"])
    expect((await lab.host.exec("sysctl", "-n", key)).trim()).toBe("1");
});

testUnless(lack, "IPv6 addresses are usable at once, and with enabledad after detection", async () => {
  for (const enabledad of [false, true]) {
    await using lab = await makeLab({ isGateway: true, enabledad });
    const a = await lab.attach("a");
    const text = await a.sandbox.exec("ip", "-6", "addr", "show", "dev", "eth0", "scope", "global");
    expect(text).toContain(a.v6);
    expect(text).not.toContain("tentative");
    expect(text.includes("nodad")).toBe(!enabledad);
  }
});

testUnless(lack, "a container started with IPv6 switched off gets its address all the same", async () => {
  await using lab = await makeLab({});
  const { makeSandbox } = await import("../support/netns.ts");
  await using sandbox = await makeSandbox();
  await sandbox.exec("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1");
  const result = await lab.chain.add({ containerId: "a", netns: sandbox.path });
  expect(await sandbox.exec("ip", "-6", "addr", "show", "dev", "eth0")).toContain(result.ips?.[1]?.address ?? "none");
});

testUnless(lack ?? lacksCommand("tcpdump"), "addresses are announced to the neighbours, v4 and v6", async () => {
  await using lab = await makeLab({ isGateway: true });
  await lab.attach("first");
  const dump = Bun.spawn([...lab.host.enter, "tcpdump", "-lnni", "br0", "arp or (icmp6 and ip6[40] == 136)"], {
    stdout: "pipe",
    stderr: "pipe",
  });
  try {
    const reader = dump.stderr.getReader();
    for (let said = ""; !said.includes("listening on"); ) said += new TextDecoder().decode((await reader.read()).value);
    const a = await lab.attach("a");
    await Bun.sleep(300);
    dump.kill("SIGINT");
    const seen = await new Response(dump.stdout).text();
    expect(seen).toContain(`Request who-has ${a.v4} tell ${a.v4}`);
    expect(seen).toContain(`neighbor advertisement, tgt is ${a.v6}`);
  } finally {
    dump.kill();
    await dump.exited;
  }
});

testUnless(lack, "routes get their metric, table, MTU and MSS, and equal ones do no harm", async () => {
  const routes = [
    { dst: "192.0.2.0/24", gw: "10.55.0.1", mtu: 1300, advmss: 1200, priority: 7, table: 77 },
    { dst: "0.0.0.0/0" },
    { dst: "198.51.100.0/24", scope: 253 },
  ];
  const ipam: JsonObject = { type: "static", addresses: [{ address: "10.55.0.9/24", gateway: "10.55.0.1" }], routes };
  await using lab = await makeLab({ ipam });
  const a = await lab.attach("a");
  const show = (...args: string[]) => a.sandbox.exec("ip", "route", "show", ...args);
  expect(await show("table", "77")).toMatch(/192\.0\.2\.0\/24 via 10\.55\.0\.1 dev eth0 metric 7 mtu 1300 advmss 1200/);
  expect(await show("default")).toMatch(/default via 10\.55\.0\.1 dev eth0/);
  await lab.chain.check(a.at);
});

testUnless(lack, "macspoofchk drops frames with a foreign source address, and DEL takes the check away", async () => {
  await using lab = await makeLab({ macspoofchk: true, isGateway: true });
  const [a, b] = [await lab.attach("a"), await lab.attach("b")];
  expect(await ping(a.sandbox, b.v4)).toBe(true);
  await lab.chain.check(a.at);
  await a.sandbox.exec("ip", "link", "set", "eth0", "address", "02:00:00:00:00:99");
  expect(await ping(a.sandbox, b.v4, 700)).toBe(false);
  expect(await ping(a.sandbox, "10.55.0.1", 700)).toBe(false);
  expect(await ping(b.sandbox, "10.55.0.1")).toBe(true);
  await lab.chain.del(a.at);
  await lab.chain.del(b.at);
  expect(await lab.host.exec("nft", "list", "ruleset")).not.toContain(hostEnd(a));
});
