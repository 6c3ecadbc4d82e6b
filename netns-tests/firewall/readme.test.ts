import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { makeChain } from "../support/chain.ts";
import { netnsAt, type Place } from "../support/place.ts";
import { makePrivateHost } from "../support/private-host.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { reaches, serveAll, tcpEcho } from "../support/traffic.ts";

const PAGE = join(import.meta.dir, "../../plugins/firewall/README.md");

testUnless(
  [lacksRoot, lacksCommand("gcc", "nft", "iptables-nft")],
  "the README's example does what the page says",
  async () => {
    const [, json = ""] = /^```json\n(.*?)^```$/ms.exec(readFileSync(PAGE, "utf8")) ?? [];
    const example = JSON.parse(json) as { cniVersion: "1.0.0"; name: string; plugins: JsonObject[] };
    await using host = await makePrivateHost();
    await host.exec("iptables-nft", "-P", "FORWARD", "DROP");
    const blue = makeChain({ ...example, host });
    const [bridge = {}, ...behind] = example.plugins;
    const ipam = { type: "host-local", subnet: "10.21.0.0/16" };
    const red = makeChain({ ...example, name: "red", plugins: [{ ...bridge, bridge: "cni1", ipam }, ...behind], host });
    const sandbox = async (name: string): Promise<{ netns: string; place: Place }> => {
      await host.exec("ip", "netns", "add", name);
      const netns = `/run/netns/${name}`;
      return { netns, place: netnsAt(host.outsidePath(netns), name) };
    };
    const inBlue = await sandbox("one");
    const alsoInBlue = await sandbox("two");
    const inRed = await sandbox("three");
    const at = {
      containerId: "one",
      netns: inBlue.netns,
      runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] },
    };
    const address = (await blue.add(at)).ips?.[0]?.address.split("/")[0] ?? "";
    await blue.add({ containerId: "two", netns: alsoInBlue.netns });
    await red.add({ containerId: "three", netns: inRed.netns });
    await using _server = await serveAll(inBlue.place, 80);
    await tcpEcho(alsoInBlue.place, address, 80);
    expect(await reaches(inRed.place, "tcp", address, 80)).toBe(false);
    await tcpEcho(inRed.place, "10.21.0.1", 8080);
    await blue.check(at);
  },
);
