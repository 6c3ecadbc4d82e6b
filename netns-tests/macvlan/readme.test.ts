import { expect } from "bun:test";
import { namedSandbox } from "../runtimes/sandboxes.ts";
import { makeChain } from "../support/chain.ts";
import { connect, makeNetns } from "../support/netns.ts";
import { makePrivateHost } from "../support/private-host.ts";
import { exampleOf } from "../support/readme.ts";
import { testUnless } from "../support/skip.ts";
import { serveAll, tcpEcho } from "../support/traffic.ts";
import { lack } from "./lab.ts";

testUnless(lack, "the example of plugins/macvlan/README.md works as it stands", async () => {
  const { name, cniVersion, ...plugin } = exampleOf("plugins/macvlan/README.md");
  await using host = await makePrivateHost();
  await using router = await makeNetns();
  await connect(host.network, "eth0", [], router, "lan0", ["192.0.2.1/24"]);
  const { netns, place } = await namedSandbox(host);
  const chain = makeChain({ name: String(name), cniVersion: String(cniVersion), plugins: [plugin], host });
  const at = { containerId: "one", netns };
  const { ips } = await chain.add(at);
  expect(ips?.map(({ address }) => address)).toEqual(["192.0.2.100/24"]);
  await using _server = await serveAll(router, 7);
  expect(await tcpEcho(place, "192.0.2.1", 7)).toMatchObject({ address: "192.0.2.100" });
  await chain.check(at);
  await chain.del(at);
});
