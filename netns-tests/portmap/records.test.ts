import { expect } from "bun:test";
import { callPlugin, PluginFailure } from "../support/plugin.ts";
import { must, randomName } from "../support/run.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { reaches, tcpEcho } from "../support/traffic.ts";
import { elements, HOST, makeWorld } from "./world.ts";

/** Named namespaces are the test's own. */
const NETNS = /^\+ netns t/;

/** What a failed call must be. */
async function failure(call: Promise<unknown>): Promise<{ code: number | undefined; text: string }> {
  const error = await call.then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof PluginFailure)) throw new Error(`no PluginFailure but ${error}`);
  return { code: error.code, text: error.answer.stdout };
}

testUnless(
  lacksRoot,
  "our table loads again from what nft prints, exactly",
  async () => {
    await using world = await makeWorld();
    const net = world.network("blue", {
      conditionsV4: ["ip", "saddr", "192.0.2.0/24", "iifname", "lan*", "tcp", "dport", "8000-9000"],
      conditionsV6: ["!", "-s", "2001:db8:9::/48", "-i", "lan0", "-p", "tcp", "--dport", "1:9000"],
    });
    await world.container(net, [
      { hostPort: 8080 },
      { hostPort: 8081, protocol: "udp", hostIP: HOST[6] },
      { hostPort: 8082, protocol: "sctp", hostIP: "127.0.0.1" },
    ]);
    await world.container(world.network("red", { masqAll: true }, 2), [{ hostPort: 8083 }]);
    await tcpEcho(world.neighbour, HOST[4], 8080);
    await tcpEcho(world.neighbour, HOST[6], 8080);
    const printed = await world.host.exec("nft", "list", "ruleset");
    expect(printed).toContain('comment "tsnet1 ');
    const again = await must(["unshare", "-n", "sh", "-c", "nft -f - && nft list ruleset"], { stdin: printed });
    expect(again).toBe(printed);
  },
  60_000,
);

testUnless(
  lacksRoot,
  "a port that another attachment holds is code 11 and names the holder",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const net = world.network("blue");
    await world.container(net, [{ hostPort: 8080 }, { hostPort: 8081, hostIP: HOST[4] }], { containerId: "first" });
    const before = await snapshot(host);
    const taken = async (mapping: { hostPort: number; hostIP?: string; protocol?: string }, chain = net) => {
      const refused = await failure(world.container(chain, [mapping, { hostPort: 9999 }]));
      expect(refused.code).toBe(11);
      expect(refused.text).toContain("blue first eth0");
      expect(refused.text).toContain("tsnet ports release");
    };
    await taken({ hostPort: 8080 });
    // As sockets: every address and one address exclude each other.
    await taken({ hostPort: 8080, hostIP: HOST[4] });
    await taken({ hostPort: 8080, hostIP: HOST[6] });
    await taken({ hostPort: 8081 });
    await taken({ hostPort: 8081, hostIP: "0.0.0.0" });
    await taken({ hostPort: 8081, hostIP: HOST[4] }, world.network("red", {}, 2));
    // Nothing of the refused is left, not even the other port.
    const left = diff(before, await snapshot(host), {
      ignore: [/ (link|addr|route|neigh|sysctl) /, /nft (elem|chain|rule|map).*masq/],
    });
    expect(left.filter((line) => line.includes("ports") || line.includes("9999") || line.includes("hairpin"))).toEqual(
      [],
    );
    // Protocols, families and other addresses are apart.
    await host.exec("ip", "addr", "add", "192.0.2.9/24", "dev", "lan0");
    await world.container(net, [
      { hostPort: 8080, protocol: "udp" },
      { hostPort: 8081, hostIP: "192.0.2.9" },
      { hostPort: 8081, hostIP: "::" },
    ]);
    await tcpEcho(neighbour, "192.0.2.9", 8081);
    await tcpEcho(neighbour, HOST[4], 8081);
  },
  60_000,
);

testUnless(
  lacksRoot,
  "records of an earlier boot are taken over with all that went with them",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const net = world.network("blue");
    const old = await world.container(net, [{ hostPort: 8080 }, { hostPort: 8081, hostIP: "127.0.0.1" }]);
    // The rule set was saved, the machine started again, the rule set loaded.
    const saved = await host.exec("nft", "list", "table", "inet", "tsnet");
    await host.exec("nft", "delete", "table", "inet", "tsnet");
    expect(saved).toMatch(/@[0-9a-f]{8}\.[0-9a-f]{12} blue/);
    await must([...host.enter, "nft", "-f", "-"], { stdin: saved.replaceAll(/@[0-9a-f]{8}\./g, "@00000000.") });
    const now = await world.container(net, [{ hostPort: 8080 }, { hostPort: 8081 }]);
    await tcpEcho(neighbour, HOST[4], 8080);
    await tcpEcho(neighbour, HOST[4], 8081);
    await net.check(now.attachment);
    const all = JSON.stringify(
      await Promise.all(["ports4", "hostports4", "hairpin4", "private4"].map((s) => elements(host, s))),
    );
    expect(all).not.toContain(old.ip[4]);
    // The earlier holder's late DEL leaves its successor alone.
    await net.del(old.attachment);
    await tcpEcho(neighbour, HOST[4], 8080);
    await net.check(now.attachment);
  },
  60_000,
);

testUnless(
  lacksRoot,
  "ADD again takes over its own records, DEL leaves the address's new owner alone",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const net = world.network("blue");
    const one = await world.container(net, [{ hostPort: 8080 }], { containerId: "one" });
    const portmap = (command: "ADD" | "DEL" | "CHECK", more: object = {}) =>
      callPlugin({
        command,
        host,
        containerId: "one",
        ifName: "eth0",
        netns: one.netns.path,
        conf: {
          cniVersion: "1.1.0",
          name: "blue",
          type: "portmap",
          runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] },
          prevResult: { cniVersion: "1.1.0", ...JSON.parse(JSON.stringify(one.result)) },
          ...more,
        },
      });
    expect((await portmap("ADD")).code).toBe(0);
    expect(await elements(host, "ports4")).toHaveLength(1);
    expect((await portmap("CHECK")).code).toBe(0);
    // Somebody else's record under the same key, made behind our back.
    await host.exec("nft", "delete element inet tsnet ports4 { tcp . 8080 }");
    const foreign = `tsnet1 ${"0".repeat(16)} ${"1".repeat(32)} @${(await host.exec("sysctl", "-n", "kernel.random.boot_id")).slice(0, 8)} red two eth0`;
    await host.exec("nft", `add element inet tsnet ports4 { tcp . 8080 comment "${foreign}" : ${one.ip[4]} . 80 }`);
    expect((await portmap("DEL")).code).toBe(0);
    expect(JSON.stringify(await elements(host, "ports4"))).toContain("red two eth0");
    await tcpEcho(neighbour, HOST[4], 8080);
    expect((await portmap("ADD")).json).toMatchObject({ code: 11 });
  },
  60_000,
);

testUnless(
  lacksRoot,
  "DEL removes everything, with or without the runtime's mappings, and twice",
  async () => {
    await using world = await makeWorld();
    const { host } = world;
    const chain = world.network("blue", { conditionsV4: ["-s", "192.0.2.0/24"] });
    const shared = await world.container(chain, []);
    const first = await world.container(chain, [{ hostPort: 1 }]);
    await chain.del(first.attachment);
    const before = await snapshot(host);
    for (const forget of [false, true]) {
      const c = await world.container(chain, [
        { hostPort: 8080 },
        { hostPort: 8080, protocol: "udp" },
        { hostPort: 8081, hostIP: "127.0.0.1" },
        { hostPort: 65535, hostIP: HOST[6], protocol: "sctp" },
      ]);
      const other = await world.container(chain, [{ hostPort: 8082 }]);
      const attachment = forget ? { ...c.attachment, runtimeConfig: {}, prevResult: null } : c.attachment;
      await chain.del(attachment);
      await chain.check(other.attachment);
      await chain.del(attachment);
      await chain.del(other.attachment);
      expect(diff(before, await snapshot(host), { ignore: [NETNS] })).toEqual([]);
    }
    await chain.del(shared.attachment);
  },
  90_000,
);

testUnless(
  lacksRoot,
  "one container on two networks, one network's name beginning like another's",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const containerId = randomName("c");
    const [a, ab] = [world.network("a"), world.network("a-b", {}, 2)];
    const first = await world.container(a, [{ hostPort: 8080 }], { containerId });
    const second = await world.container(ab, [{ hostPort: 8081 }], { containerId });
    await a.del(first.attachment);
    await tcpEcho(neighbour, HOST[4], 8081);
    await ab.check(second.attachment);
    expect(await elements(host, "ports4")).toHaveLength(1);
    await a.gc([]);
    await ab.check(second.attachment);
    await ab.gc([{ containerID: containerId, ifname: "eth0" }]);
    await ab.check(second.attachment);
    await ab.gc([]);
    for (const set of ["ports4", "ports6", "hairpin4", "hairpin6"]) expect(await elements(host, set)).toEqual([]);
  },
  60_000,
);

testUnless(
  lacksRoot,
  "a port of one container on two networks leads through the first, and through the second once that is gone",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const containerId = randomName("c");
    const [front, back] = [world.network("front"), world.network("back", {}, 2)];
    const ports = [{ hostPort: 8080 }, { hostPort: 8081, hostIP: HOST[4] }];
    const before = await snapshot(host);
    const first = await world.container(front, ports, { containerId });
    const second = await world.container(back, ports, { containerId });
    const targets = async (): Promise<string> =>
      JSON.stringify([await elements(host, "ports4"), await elements(host, "hostports4")]);
    expect(await targets()).toContain(first.ip[4]);
    expect(await targets()).not.toContain(second.ip[4]);
    for (const { chain, attachment } of [first, second]) await chain.check(attachment);
    await expect(world.container(back, ports)).rejects.toThrow(/is taken by front/);

    await front.del(first.attachment);
    expect(await targets()).toContain(second.ip[4]);
    for (const port of [8080, 8081]) await tcpEcho(neighbour, HOST[4], port);
    await tcpEcho(neighbour, HOST[6], 8080);
    await back.check(second.attachment);
    expect(await elements(host, "standby4")).toEqual([]);

    await back.del(second.attachment);
    for (const set of ["ports4", "ports6", "hostports4", "hairpin4", "hairpin6", "standby4", "standby6"])
      expect(await elements(host, set)).toEqual([]);
    const third = await world.container(front, ports, { containerId });
    const fourth = await world.container(back, ports, { containerId });
    // The one that stands by goes first: nothing of it is left.
    await back.del(fourth.attachment);
    await tcpEcho(neighbour, HOST[4], 8080);
    await front.del(third.attachment);
    expect(await elements(host, "standby4")).toEqual([]);
    // What the refused ADD left to its runtime.
    await back.gc([]);
    const left = diff(before, await snapshot(host), {
      ignore: [NETNS, / br[12]|"br[12]"|conf\/br[12]|inet tsnet| sysctl /],
    });
    expect(left).toEqual([]);
  },
  60_000,
);

testUnless(
  lacksRoot,
  "GC keeps what is listed and takes back the rest, conditions and chains included",
  async () => {
    await using world = await makeWorld();
    const { host } = world;
    const net = world.network("blue", { conditionsV6: ["ip6", "saddr", "{ 2001:db8:1::/64, fd00::/16 }"] });
    const kept = await world.container(net, [{ hostPort: 8080 }]);
    const before = await snapshot(host);
    await world.container(net, [{ hostPort: 8081 }, { hostPort: 8082, hostIP: "127.0.0.1" }]);
    await world.container(net, [{ hostPort: 8083, hostIP: HOST[4], protocol: "udp" }]);
    const other = world.network("red", {}, 2);
    const others = await world.container(other, [{ hostPort: 8090 }]);
    await net.gc([{ containerID: kept.attachment.containerId, ifname: "eth0" }]);
    await net.check(kept.attachment);
    await other.check(others.attachment);
    await other.del(others.attachment);
    const left = diff(before, await snapshot(host), { ignore: [NETNS, / br2|br2 |"br2"|conf\/br2/] });
    expect(left).toEqual([]);
  },
  60_000,
);

testUnless(
  lacksRoot,
  "CHECK fails when any single object is gone or another",
  async () => {
    await using world = await makeWorld();
    const { host } = world;
    const net = world.network("blue", { conditionsV4: ["-s", "192.0.2.0/24"] });
    const c = await world.container(net, [{ hostPort: 8080 }, { hostPort: 8081, hostIP: "127.0.0.1" }]);
    await net.check(c.attachment);
    const saved = await host.exec("nft", "list", "table", "inet", "tsnet");
    const restore = async (): Promise<void> => {
      await host.exec("nft", "delete", "table", "inet", "tsnet");
      await must([...host.enter, "nft", "-f", "-"], { stdin: saved });
      await net.check(c.attachment);
    };
    const damages = [
      "delete element inet tsnet ports4 { tcp . 8080 }",
      "delete element inet tsnet ports6 { tcp . 8080 }",
      "delete element inet tsnet hostports4 { 127.0.0.1 . tcp . 8081 }",
      "delete element inet tsnet guards4 { tcp . 8080 }",
      `delete element inet tsnet hairpin4 { ${c.ip[4]} . tcp . 8080 }`,
      "flush map inet tsnet masq4",
      "flush chain inet tsnet ports-raw",
      "flush chain inet tsnet ports-prerouting",
      "flush chain inet tsnet published",
      "flush table inet tsnet",
      "delete table inet tsnet",
      `delete element inet tsnet ports4 { tcp . 8080 }; add element inet tsnet ports4 { tcp . 8080 : ${c.ip[4]} . 81 }`,
    ];
    for (const damage of damages) {
      await host.exec("nft", damage);
      expect(await failure(net.check(c.attachment))).toMatchObject({ code: 101 });
      if (damage.startsWith("delete table")) await host.exec("nft", "add table inet tsnet");
      await restore();
    }
    for (const chain of ["ports-raw", "ports-forward", "hairpin", "published", "ports-output", "ports-postrouting"]) {
      // A rule is put in another's place: the number stays.
      const listed = await host.exec("nft", "-a", "list", "chain", "inet", "tsnet", chain);
      const handle = /# handle (\d+)\n\t}/.exec(listed)?.[1] ?? "";
      await host.exec("nft", `delete rule inet tsnet ${chain} handle ${handle}; add rule inet tsnet ${chain} counter`);
      expect(await failure(net.check(c.attachment))).toMatchObject({ code: 101 });
      await restore();
    }
    await host.exec("sysctl", "-qw", "net.ipv4.conf.br1.route_localnet=0");
    expect((await failure(net.check(c.attachment))).text).toContain("route_localnet");
    await host.exec("sysctl", "-qw", "net.ipv4.conf.br1.route_localnet=1");
    const veth = c.result.interfaces?.[1]?.name ?? "";
    await host.exec("bridge", "link", "set", "dev", veth, "hairpin", "off");
    expect((await failure(net.check(c.attachment))).text).toContain("hairpin");
  },
  90_000,
);

testUnless(
  lacksRoot,
  "after somebody's flush the next ADD makes the shared parts again",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const net = world.network("blue");
    await world.container(net, [{ hostPort: 8080 }]);
    for (const flush of ["flush ruleset", "flush table inet tsnet", "flush chain inet tsnet published"]) {
      await host.exec("nft", flush);
      const c = await world.container(net, [{ hostPort: 8081 }]);
      await tcpEcho(neighbour, HOST[4], 8081);
      await net.check(c.attachment);
      await net.del(c.attachment);
    }
    // A version before or after ours.
    const listed = await host.exec("nft", "list", "table", "inet", "tsnet");
    await host.exec("nft", "delete", "table", "inet", "tsnet");
    await must([...host.enter, "nft", "-f", "-"], { stdin: listed.replaceAll("tsnet1 shared 1", "tsnet1 shared 0") });
    const c = await world.container(net, [{ hostPort: 8081 }]);
    await net.check(c.attachment);
    expect(await host.exec("nft", "list", "table", "inet", "tsnet")).not.toContain("shared 0");
  },
  60_000,
);

testUnless(
  lacksRoot,
  "STATUS changes nothing, before and after the first ADD",
  async () => {
    await using world = await makeWorld();
    const net = world.network("blue");
    const before = await snapshot(world.host);
    await net.status();
    expect(diff(before, await snapshot(world.host))).toEqual([]);
    await world.container(net, [{ hostPort: 8080 }]);
    await net.status();
  },
  30_000,
);

testUnless(
  lacksRoot,
  "100 containers at once, each with ports of its own",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const call = (command: "ADD" | "DEL", i: number) =>
      callPlugin({
        command,
        host,
        type: "portmap",
        containerId: `c${i}`,
        ifName: "eth0",
        netns: "/run/netns/none",
        timeoutMs: 60_000,
        conf: {
          cniVersion: "1.1.0",
          name: "blue",
          type: "portmap",
          runtimeConfig: {
            portMappings: [
              { hostPort: 10_000 + i, containerPort: 80, protocol: "tcp" },
              { hostPort: 20_000 + i, containerPort: 81, protocol: "udp", hostIP: HOST[4] },
            ],
          },
          prevResult: {
            cniVersion: "1.1.0",
            interfaces: [{ name: "eth0", sandbox: "/run/netns/none" }],
            ips: [
              { address: `192.0.2.${i + 10}/24`, interface: 0 },
              { address: `2001:db8:1::${i + 10}/64`, interface: 0 },
            ],
          },
        },
      });
    const all = Array.from({ length: 100 }, (_, i) => i);
    const added = await Promise.all(all.map((i) => call("ADD", i)));
    expect(added.filter((a) => a.code !== 0).map((a) => a.stdout + a.stderr)).toEqual([]);
    expect(await elements(host, "ports4")).toHaveLength(100);
    expect(await elements(host, "hostports4")).toHaveLength(100);
    const rules = await host.exec("nft", "list", "chain", "inet", "tsnet", "published");
    expect(rules.match(/dnat/g)).toHaveLength(4);
    const deleted = await Promise.all(all.map((i) => call("DEL", i)));
    expect(deleted.filter((a) => a.code !== 0).map((a) => a.stdout + a.stderr)).toEqual([]);
    expect(await elements(host, "ports4")).toEqual([]);
    expect(await host.exec("nft", "list", "chains", "inet")).not.toContain("hairpin-");
    expect(await reaches(neighbour, "tcp", HOST[4], 10_000)).toBe(false);
  },
  120_000,
);
