import { expect } from "bun:test";
import { callPlugin } from "../support/plugin.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { reaches, tcpEcho } from "../support/traffic.ts";
import { CONTAINER_PORT, HOST, makeWorld, NEIGHBOUR } from "./world.ts";

const syntaxes: Readonly<Record<string, { v4: string[]; v6: string[] }>> = {
  iptables: { v4: ["-s", "192.0.2.0/28", "!", "-i", "nic9"], v6: ["!", "-s", "2001:db8:1::3", "-i", "lan+"] },
  nft: {
    v4: ["ip", "saddr", "{ 192.0.2.0/28, 198.51.100.1 }", "iifname", "!=", "nic9"],
    v6: ['ip6 saddr != 2001:db8:1::3 iifname "lan0"'],
  },
};

for (const [syntax, { v4, v6 }] of Object.entries(syntaxes))
  testUnless(
    lacksRoot,
    `conditions in the words of ${syntax} decide who is let in, each network by its own`,
    async () => {
      await using world = await makeWorld();
      const { host, neighbour } = world;
      await neighbour.exec("ip", "addr", "add", "192.0.2.99/24", "dev", "eth0");
      await neighbour.exec("ip", "addr", "add", "2001:db8:1::3/64", "dev", "eth0", "nodad");
      const guarded = world.network("blue", { conditionsV4: v4, conditionsV6: v6 });
      const free = world.network("red", { conditionsV4: ["-d", "203.0.113.1"] }, 2);
      const c = await world.container(guarded, [{ hostPort: 8080 }, { hostPort: 8081, hostIP: HOST[4] }]);
      const other = await world.container(free, [{ hostPort: 8082 }]);
      const from = (source: string, address: string, port: number, timeoutMs = 400) =>
        reaches(neighbour, "tcp", address, port, { sourceAddress: source, timeoutMs });
      for (const port of [8080, 8081]) {
        expect(await from(NEIGHBOUR[4], HOST[4], port)).toBe(true);
        expect(await from("192.0.2.99", HOST[4], port)).toBe(false);
      }
      expect(await from(NEIGHBOUR[6], HOST[6], 8080, 5_000)).toBe(true);
      expect(await from("2001:db8:1::3", HOST[6], 8080)).toBe(false);
      // The other network's conditions say no for v4 and nothing for v6.
      expect(await from(NEIGHBOUR[4], HOST[4], 8082)).toBe(false);
      expect(await from("2001:db8:1::3", HOST[6], 8082, 5_000)).toBe(true);
      await guarded.check(c.attachment);
      await free.check(other.attachment);
      await free.del(other.attachment);
      expect(await from("192.0.2.99", HOST[4], 8080)).toBe(false);
      expect(await from(NEIGHBOUR[4], HOST[4], 8080)).toBe(true);
      await guarded.del(c.attachment);
      expect(await host.exec("nft", "list", "chains", "inet")).not.toContain("only-");
    },
    60_000,
  );

testUnless(
  lacksRoot,
  "conditions on ports and on the protocol",
  async () => {
    await using world = await makeWorld();
    const { neighbour } = world;
    const net = world.network("blue", {
      conditionsV4: ["tcp", "dport", "{ 8080, 9000-9001 }", "tcp", "sport", "!=", "5000-6000"],
    });
    await world.container(net, [
      { hostPort: 8080 },
      { hostPort: 8080, protocol: "udp" },
      { hostPort: 9001 },
      { hostPort: 9002 },
    ]);
    const from = (port: number, sourcePort: number, proto: "tcp" | "udp" = "tcp") =>
      reaches(neighbour, proto, HOST[4], port, { sourceAddress: NEIGHBOUR[4], sourcePort });
    expect(await from(8080, 4999)).toBe(true);
    expect(await from(8080, 5000)).toBe(false);
    expect(await from(9001, 6001)).toBe(true);
    expect(await from(9002, 6002)).toBe(false);
    expect(await from(8080, 6003, "udp")).toBe(false);
  },
  60_000,
);

testUnless(
  lacksRoot,
  "snat false leaves addresses alone, masqAll changes them all",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const plain = await world.container(world.network("blue", { snat: false }), [{ hostPort: 8080 }]);
    expect(await host.exec("sysctl", "-n", "net.ipv4.conf.br1.route_localnet")).toBe("0\n");
    await plain.chain.check(plain.attachment);
    await tcpEcho(neighbour, HOST[4], 8080);
    expect(await reaches(host, "tcp", "127.0.0.1", 8080)).toBe(false);
    const all = await world.container(world.network("red", { masqAll: true }, 2), [{ hostPort: 8081 }]);
    await all.chain.check(all.attachment);
    expect((await tcpEcho(neighbour, HOST[4], 8081)).address).toBe("10.2.0.1");
    expect((await tcpEcho(neighbour, HOST[6], 8081)).address).toBe("fd00:2::1");
    await tcpEcho(host, "127.0.0.1", 8081);
  },
  60_000,
);

testUnless(
  lacksRoot,
  "bad input is refused with its code before anything changes",
  async () => {
    await using world = await makeWorld();
    const { host } = world;
    const before = await snapshot(host);
    const mapping = { hostPort: 8080, containerPort: CONTAINER_PORT, protocol: "tcp" };
    const add = (more: object, mappings: unknown = [mapping]) =>
      callPlugin({
        command: "ADD",
        host,
        containerId: "c",
        ifName: "eth0",
        netns: "/run/netns/none",
        conf: JSON.stringify({
          cniVersion: "1.1.0",
          name: "blue",
          type: "portmap",
          runtimeConfig: { portMappings: mappings },
          prevResult: {
            cniVersion: "1.1.0",
            interfaces: [{ name: "eth0", sandbox: "/run/netns/none" }],
            ips: [{ address: "192.0.2.10/24", interface: 0 }],
          },
          ...more,
        }),
        type: "portmap",
      });
    const cases: [what: string, call: ReturnType<typeof add>][] = [
      ['"hostPort"', add({}, [{ ...mapping, hostPort: 0 }])],
      ['hostPort"', add({}, [{ ...mapping, hostPort: 65_536 }])],
      ['containerPort"', add({}, [mapping, { ...mapping, containerPort: "80" }])],
      ['protocol"', add({}, [{ ...mapping, protocol: "icmp" }])],
      ['hostIP"', add({}, [{ ...mapping, hostIP: "localhost" }])],
      ["portMappings", add({}, "8080:80")],
      ["leads to container ports 80 and 81", add({}, [mapping, { ...mapping, containerPort: 81 }])],
      ["conditionsV4", add({ conditionsV4: ["--ctstate", "NEW"] })],
      ["conntrack", add({ conditionsV4: ["-m", "conntrack", "--ctstate", "NEW"] })],
      ["ether", add({ conditionsV4: ["ip", "saddr", "10.0.0.0/8", "ether", "saddr", "02:00:00:00:00:01"] })],
      ["conditionsV6", add({ conditionsV6: ["-s", "10.0.0.0/8"] })],
      ["backend", add({ backend: "ipvs" })],
      ["markMasqBit", add({ markMasqBit: 32 })],
      ["externalSetMarkChain", add({ markMasqBit: 5, externalSetMarkChain: "KUBE-MARK-MASQ" })],
      ["snat", add({ snat: "yes" })],
      ["after another plugin", add({ prevResult: undefined })],
    ];
    for (const [what, call] of cases) {
      const answer = await call;
      expect([what, answer.json?.["code"], answer.code]).toEqual([what, 7, 1]);
      expect(answer.stdout).toContain(what.replaceAll('"', ""));
    }
    expect(diff(before, await snapshot(host))).toEqual([]);
    // Accepted, with a note.
    const noted = await add({ backend: "iptables", markMasqBit: 13 });
    expect(noted.code).toBe(0);
    expect(noted.stderr).toContain('"backend", "markMasqBit"');
    const unreachable = await add({}, [{ ...mapping, hostIP: "::1" }]);
    expect(unreachable.code).toBe(0);
    // The container has no IPv6 address here: nothing to say about it but that.
    expect(unreachable.stderr).toContain("nothing is published");
    // Each says once who speaks.
    for (const { stderr } of [noted, unreachable]) expect(stderr).toMatch(/^portmap: (?!portmap)/);
  },
  60_000,
);
