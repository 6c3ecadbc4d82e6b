import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { makeChain } from "../support/chain.ts";
import { makePrivateHost } from "../support/private-host.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { reaches, serveAll, tcpEcho } from "../support/traffic.ts";
import { sandboxOn } from "./world.ts";

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
    const inBlue = await sandboxOn(host, "one");
    const alsoInBlue = await sandboxOn(host, "two");
    const inRed = await sandboxOn(host, "three");
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
