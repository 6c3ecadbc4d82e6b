import { expect } from "bun:test";
import type { Place } from "../support/place.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { ask, reaches, serve } from "../support/traffic.ts";
import { CONTAINER_PORT, HOST, lacksBridgeNetfilter, makeWorld } from "./world.ts";

const lacks = [lacksRoot, lacksBridgeNetfilter()];
const PROTOCOLS = ["tcp", "udp"] as const;

/** Makes a place send what is for 127.0.0.1 to a gateway instead of to itself. */
async function sendLoopbackTo(place: Place, gateway: string, source: string): Promise<void> {
  await place.exec("ip", "addr", "flush", "dev", "lo");
  await place.exec("sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1", "net.ipv4.conf.eth0.route_localnet=1");
  await place.exec("ip", "route", "add", "127.0.0.1/32", "via", gateway, "src", source, "dev", "eth0");
}

for (const bridgeNetfilter of [0, 1] as const) {
  const where = `bridge-nf-call-iptables ${bridgeNetfilter}`;

  testUnless(
    lacks,
    `a LAN neighbour does not reach a port published on 127.0.0.1, ${where}`,
    async () => {
      await using world = await makeWorld({ bridgeNetfilter });
      const { host, neighbour } = world;
      const net = world.network("blue");
      const mappings = PROTOCOLS.map((protocol) => ({ hostPort: 8080, protocol, hostIP: "127.0.0.1" }));
      await world.container(net, mappings);
      await sendLoopbackTo(neighbour, HOST[4], "192.0.2.2");
      for (const proto of PROTOCOLS) {
        await ask(host, proto, "127.0.0.1", 8080);
        expect(await reaches(neighbour, proto, "127.0.0.1", 8080)).toBe(false);
        expect(await reaches(neighbour, proto, HOST[4], 8080)).toBe(false);
      }
      // Without the guard it would: the test can tell.
      await host.exec("nft", "flush", "chain", "inet", "tsnet", "ports-raw");
      await host.exec("nft", "flush", "chain", "inet", "tsnet", "ports-forward");
      expect(await reaches(neighbour, "tcp", "127.0.0.1", 8080)).toBe(true);
    },
    60_000,
  );

  testUnless(
    lacks,
    `a container does not reach a service on the host's loopback, ${where}`,
    async () => {
      await using world = await makeWorld({ bridgeNetfilter });
      const { host, neighbour } = world;
      const net = world.network("blue");
      const target = await world.container(net, [{ hostPort: 8080 }]);
      expect(await host.exec("sysctl", "-n", "net.ipv4.conf.br1.route_localnet")).toBe("1\n");
      await using _ = await serve(
        host,
        PROTOCOLS.map((proto) => ({ proto, address: "127.0.0.1", port: 9000 })),
      );
      await sendLoopbackTo(target.netns, "10.1.0.1", target.ip[4]);
      await sendLoopbackTo(neighbour, HOST[4], "192.0.2.2");
      for (const proto of PROTOCOLS) {
        await ask(host, proto, "127.0.0.1", 9000);
        expect(await reaches(target.netns, proto, "127.0.0.1", 9000)).toBe(false);
        expect(await reaches(neighbour, proto, "127.0.0.1", 9000)).toBe(false);
      }
      await host.exec("nft", "flush", "chain", "inet", "tsnet", "ports-raw");
      expect(await reaches(target.netns, "tcp", "127.0.0.1", 9000)).toBe(true);
    },
    60_000,
  );

  testUnless(
    lacks,
    `nobody passes for the host's loopback, ${where}`,
    async () => {
      await using world = await makeWorld({ bridgeNetfilter });
      const { host, neighbour } = world;
      await world.container(world.network("blue"), [{ hostPort: 8080 }]);
      // Nobody answers ARP to a forged address.
      const [link] = JSON.parse(await host.exec("ip", "-j", "link", "show", "lan0")) as { address: string }[];
      await neighbour.exec("ip", "neigh", "replace", HOST[4], "lladdr", link?.address ?? "", "dev", "eth0");
      await neighbour.exec("nft", "add table ip forge");
      await neighbour.exec("nft", "add chain ip forge post { type nat hook postrouting priority 100; }");
      await neighbour.exec("nft", "add rule ip forge post oifname eth0 snat to 127.0.0.1");
      // Counts what comes through behind the guard, before routing has its say.
      await host.exec("nft", "add table ip witness");
      await host.exec("nft", "add chain ip witness pre { type filter hook prerouting priority -290; }");
      await host.exec("nft", "add rule ip witness pre iifname lan0 ip saddr 127.0.0.0/8 counter");
      const passed = async (): Promise<number> => {
        await reaches(neighbour, "tcp", HOST[4], 8080);
        return Number(/packets (\d+)/.exec(await host.exec("nft", "list", "chain", "ip", "witness", "pre"))?.[1]);
      };
      expect(await passed()).toBe(0);
      await host.exec("nft", "flush", "chain", "inet", "tsnet", "ports-raw");
      expect(await passed()).toBeGreaterThan(0);
    },
    60_000,
  );

  testUnless(
    lacks,
    `what is published on loopback only answers nobody directly, ${where}`,
    async () => {
      await using world = await makeWorld({ bridgeNetfilter });
      const { host, neighbour } = world;
      const net = world.network("blue");
      const target = await world.container(net, [{ hostPort: 8080, hostIP: "127.0.0.1" }]);
      const open = await world.container(net, [{ hostPort: 8081, hostIP: "127.0.0.1" }, { hostPort: 8082 }]);
      const sibling = await world.container(net, []);
      const stranger = await world.container(world.network("red", {}, 2), []);
      await neighbour.exec("ip", "route", "add", "10.1.0.0/16", "via", HOST[4]);
      for (const outsider of [neighbour, stranger.netns]) {
        expect(await reaches(outsider, "tcp", target.ip[4], CONTAINER_PORT)).toBe(false);
        // The same port is published for others too, or not at all: nothing is kept from anybody.
        expect(await reaches(outsider, "tcp", open.ip[4], CONTAINER_PORT)).toBe(true);
        expect(await reaches(outsider, "udp", target.ip[4], CONTAINER_PORT)).toBe(true);
      }
      for (const insider of [host, sibling.netns, target.netns])
        await ask(insider, "tcp", target.ip[4], CONTAINER_PORT);
      await ask(host, "tcp", "127.0.0.1", 8080);
      await net.check(target.attachment);
      await host.exec("nft", "flush", "chain", "inet", "tsnet", "ports-forward");
      expect(await reaches(neighbour, "tcp", target.ip[4], CONTAINER_PORT)).toBe(true);
    },
    60_000,
  );

  testUnless(
    lacks,
    `a stranger's own translations are left alone, ${where}`,
    async () => {
      await using world = await makeWorld({ bridgeNetfilter });
      const { host, neighbour } = world;
      const net = world.network("blue");
      const target = await world.container(net, [{ hostPort: 8080 }]);
      const sibling = await world.container(net, []);
      // As kube-proxy does for a service: the client's address stays what it is.
      await host.exec("nft", "add table ip services");
      await host.exec("nft", "add chain ip services pre { type nat hook prerouting priority -100; }");
      await host.exec(
        "nft",
        `add rule ip services pre ip daddr 10.96.0.1 tcp dport 443 dnat to ${target.ip[4]}:${CONTAINER_PORT}`,
      );
      await neighbour.exec("ip", "route", "add", "10.96.0.0/16", "via", HOST[4]);
      expect((await ask(neighbour, "tcp", "10.96.0.1", 443)).address).toBe("192.0.2.2");
      if (bridgeNetfilter === 1)
        expect((await ask(sibling.netns, "tcp", "10.96.0.1", 443)).address).toBe(sibling.ip[4]);
      // And where both could translate, the other was first.
      await host.exec("nft", `add rule ip services pre tcp dport 8080 dnat to ${sibling.ip[4]}:${CONTAINER_PORT}`);
      await ask(neighbour, "tcp", HOST[4], 8080);
      const flow = await host.exec("conntrack", "-L", "-p", "tcp", "--orig-dst", HOST[4], "--orig-port-dst", "8080");
      expect(flow).toContain(`src=${sibling.ip[4]}`);
    },
    60_000,
  );
}
