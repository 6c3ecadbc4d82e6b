import { expect } from "bun:test";
import { addReferenceRules } from "../runtimes/reference-nft.ts";
import { callPlugin } from "../support/plugin.ts";
import { OURS_DIR, PLUGIN_PATH, REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { lacksCommand, lacksFile, lacksRoot, testUnless } from "../support/skip.ts";
import { reaches, tcpEcho } from "../support/traffic.ts";
import { HOST, makeWorld } from "./world.ts";

const lacks = [lacksRoot, lacksCommand("iptables", "ip6tables"), lacksFile(`${REFERENCE_DIR}/portmap`)];

testUnless(
  lacks,
  "DEL removes what the reference made by iptables, and the next container gets the port",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    // Debian's reference knows versions up to 1.0.0.
    const reference = world.network("blue", {}, 1, { path: [REFERENCE_DIR], cniVersion: "1.0.0" });
    const ours = world.network("blue", {}, 1, { cniVersion: "1.0.0" });
    const old = await world.container(reference, [{ hostPort: 8080 }, { hostPort: 5353, protocol: "udp" }]);
    const stays = await world.container(reference, [{ hostPort: 8081 }]);
    await tcpEcho(neighbour, HOST[4], 8080);
    const count = async (tool: string): Promise<number> =>
      (await host.exec(tool, "-t", "nat", "-S")).split("\n").filter((line) => line.includes(old.attachment.containerId))
        .length;
    expect(await count("iptables")).toBeGreaterThan(3);
    expect(await count("ip6tables")).toBeGreaterThan(3);
    await ours.del({ ...old.attachment, prevResult: JSON.parse(JSON.stringify(old.result)) });
    expect(await count("iptables")).toBe(0);
    expect(await count("ip6tables")).toBe(0);
    const next = await world.container(ours, [{ hostPort: 8080 }, { hostPort: 5353, protocol: "udp" }]);
    await tcpEcho(neighbour, HOST[4], 8080);
    await tcpEcho(neighbour, HOST[6], 8080);
    // The other container of the reference goes on, and is removed by the reference as if nothing had been.
    await tcpEcho(neighbour, HOST[4], 8081);
    await reference.del(stays.attachment);
    expect(await reaches(neighbour, "tcp", HOST[4], 8081)).toBe(false);
    await ours.check(next.attachment);
    expect(OURS_DIR).toBeDefined();
  },
  60_000,
);

testUnless(
  lacks,
  "GC removes the reference's rules of this network that belong to nobody listed",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const chain = (name: string, index: number, path = PLUGIN_PATH, cniVersion = "1.1.0") =>
      world.network(name, {}, index, { path, cniVersion });
    const gone = await world.container(chain("blue", 1, [REFERENCE_DIR], "1.0.0"), [{ hostPort: 8080 }]);
    const kept = await world.container(chain("blue", 1, [REFERENCE_DIR], "1.0.0"), [{ hostPort: 8081 }]);
    const other = await world.container(chain("blu", 2, [REFERENCE_DIR], "1.0.0"), [{ hostPort: 8082 }]);
    await chain("blue", 1).gc([{ containerID: kept.attachment.containerId, ifname: "eth0" }]);
    for (const tool of ["iptables", "ip6tables"]) {
      const rules = await host.exec(tool, "-t", "nat", "-S");
      expect(rules).not.toContain(gone.attachment.containerId);
      expect(rules).toContain(kept.attachment.containerId);
      expect(rules).toContain(other.attachment.containerId);
    }
    await tcpEcho(neighbour, HOST[4], 8081);
    await tcpEcho(neighbour, HOST[4], 8082);
  },
  60_000,
);

testUnless(
  lacksRoot,
  "DEL removes what the reference's nftables back-ends made",
  async () => {
    await using world = await makeWorld();
    const { host } = world;
    const rules = { network: "blue", ifName: "eth0", address: "10.1.0.5/16", subnet: "10.1.0.0/16", containerPort: 80 };
    await addReferenceRules(host, { ...rules, containerId: "c1", hostPort: 8080 });
    await addReferenceRules(host, { ...rules, containerId: "c2", hostPort: 8081, address: "10.1.0.6/16" });
    // The same container on another network: the reference's comment does not tell them apart, its address does.
    await addReferenceRules(host, {
      ...rules,
      network: "red",
      containerId: "c1",
      hostPort: 8082,
      address: "10.2.0.5/16",
      subnet: "10.2.0.0/16",
    });
    const del = (type: "bridge" | "portmap") =>
      callPlugin({
        command: "DEL",
        host,
        containerId: "c1",
        ifName: "eth0",
        conf: {
          cniVersion: "1.0.0",
          name: "blue",
          type,
          ipMasq: true,
          prevResult: {
            cniVersion: "1.0.0",
            interfaces: [{ name: "eth0", sandbox: "/run/netns/none" }],
            ips: [{ address: rules.address, interface: 0 }],
          },
        },
      });
    expect((await del("portmap")).code).toBe(0);
    expect((await del("bridge")).code).toBe(0);
    const listed = await host.exec("nft", "list", "ruleset");
    expect(listed).not.toContain("10.1.0.5");
    expect(listed).toContain("tcp dport 8081 dnat");
    expect(listed).toContain("tcp dport 8082 dnat");
    expect(listed.match(/masquerade comment/g)).toHaveLength(2 * 2 + 2);
  },
  30_000,
);
