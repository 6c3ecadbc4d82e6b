import { expect } from "bun:test";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { ask, reaches, tcpEcho } from "../support/traffic.ts";
import { CONTAINER_PORT, HOST, lacksBridgeNetfilter, makeWorld, NEIGHBOUR } from "./world.ts";

const lacks = [lacksRoot, lacksBridgeNetfilter()];
const PROTOCOLS = ["tcp", "udp"] as const;

for (const bridgeNetfilter of [0, 1] as const) {
  const where = `bridge-nf-call-iptables ${bridgeNetfilter}`;

  testUnless(
    lacks,
    `published ports are reached from everywhere, ${where}`,
    async () => {
      await using world = await makeWorld({ bridgeNetfilter });
      const { host, neighbour } = world;
      const net = world.network("blue");
      const mappings = PROTOCOLS.map((protocol) => ({ hostPort: 8080, protocol }));
      const target = await world.container(net, mappings);
      const sibling = await world.container(net, []);
      const stranger = await world.container(world.network("red", {}, 2), []);
      for (const family of [4, 6] as const) {
        for (const proto of PROTOCOLS) {
          // From outside the source stays what it is.
          expect((await ask(neighbour, proto, HOST[family], 8080)).address).toBe(NEIGHBOUR[family]);
          // From the host itself, by its LAN address and by the bridge's.
          await ask(host, proto, HOST[family], 8080);
          await ask(host, proto, family === 4 ? "10.1.0.1" : "fd00:1::1", 8080);
          // A container of the same network, of another one, and the container itself.
          await ask(sibling.netns, proto, HOST[family], 8080);
          await ask(stranger.netns, proto, HOST[family], 8080);
          await ask(target.netns, proto, HOST[family], 8080);
          await ask(target.netns, proto, family === 4 ? "10.1.0.1" : "fd00:1::1", 8080);
          // Straight to the container nothing changes.
          expect((await ask(sibling.netns, proto, target.ip[family], CONTAINER_PORT)).address).toBe(sibling.ip[family]);
        }
      }
      for (const proto of PROTOCOLS) await ask(host, proto, "127.0.0.1", 8080);
      await net.check(target.attachment);
      await net.del(target.attachment);
      expect(await reaches(neighbour, "tcp", HOST[4], 8080)).toBe(false);
      expect(await reaches(host, "tcp", "127.0.0.1", 8080)).toBe(false);
    },
    90_000,
  );

  testUnless(
    lacks,
    `a port of one host address, ${where}`,
    async () => {
      await using world = await makeWorld({ bridgeNetfilter });
      const { host, neighbour } = world;
      await host.exec("ip", "addr", "add", "192.0.2.9/24", "dev", "lan0");
      const net = world.network("blue");
      const target = await world.container(net, [
        { hostPort: 8081, hostIP: HOST[4] },
        { hostPort: 8082, hostIP: HOST[6] },
        { hostPort: 8083, hostIP: "0.0.0.0" },
        { hostPort: 8084, hostIP: "::" },
      ]);
      await tcpEcho(neighbour, HOST[4], 8081);
      expect(await reaches(neighbour, "tcp", "192.0.2.9", 8081)).toBe(false);
      expect(await reaches(host, "tcp", "127.0.0.1", 8081)).toBe(false);
      expect(await reaches(neighbour, "tcp", HOST[6], 8081)).toBe(false);
      await tcpEcho(neighbour, HOST[6], 8082);
      expect(await reaches(neighbour, "tcp", HOST[4], 8082)).toBe(false);
      await tcpEcho(neighbour, "192.0.2.9", 8083);
      expect(await reaches(neighbour, "tcp", HOST[6], 8083)).toBe(false);
      await tcpEcho(neighbour, HOST[6], 8084);
      expect(await reaches(neighbour, "tcp", HOST[4], 8084)).toBe(false);
      await net.check(target.attachment);
    },
    60_000,
  );
}
