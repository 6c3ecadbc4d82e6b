/** A node changes from the reference to ours and back with containers running. The README's example. */
import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { namedSandbox } from "../runtimes/sandboxes.ts";
import { makeChain } from "../support/chain.ts";
import { makeSandbox } from "../support/netns.ts";
import { hasReference, OURS_DIR, REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { makePrivateHost } from "../support/private-host.ts";
import { exampleOf } from "../support/readme.ts";
import { testUnless } from "../support/skip.ts";
import { ping, serveAll, tcpEcho } from "../support/traffic.ts";
import { lack, makeLab } from "./lab.ts";

const lacksReference = lack ?? (hasReference ? undefined : "the reference plugins are not installed");

testUnless(
  lacksReference,
  "what the reference made is deleted by ours, its rules too, and the other way round",
  async () => {
    await using lab = await makeLab();
    const sandbox = lab.use(await makeSandbox());
    const at = { containerId: "one", netns: sandbox.path };
    for (const { first, second, ipMasq } of [
      { first: REFERENCE_DIR, second: OURS_DIR, ipMasq: true },
      // With masquerading the reference's DEL fails where its own chains are missing.
      { first: OURS_DIR, second: REFERENCE_DIR, ipMasq: false },
    ]) {
      const plugins = [lab.network({ ipMasq }).conf];
      const chain = (folder = "") => makeChain({ name: "routed", host: lab.host, plugins, path: [folder] });
      const prevResult = JSON.parse(JSON.stringify(await chain(first).add(at)));
      await chain(second).del({ ...at, prevResult });
      expect(await sandbox.exec("ip", "-o", "link")).not.toContain("eth0");
      expect(await lab.host.exec("ip", "-o", "link", "show", "type", "veth")).not.toMatch(/ veth[0-9a-f]+[@:]/);
      expect(readdirSync(join(lab.dataDir, "routed")).filter((name) => /^(\d|fd)/.test(name))).toEqual([]);
      expect(await lab.host.exec("nft", "list", "ruleset")).not.toMatch(/10\.77\.0\.\d|CNI-[0-9a-f]{24}/);
    }
  },
);

testUnless(lack, "the example of plugins/ptp/README.md works as it stands", async () => {
  const { name, cniVersion, ...plugin } = exampleOf("plugins/ptp/README.md");
  await using host = await makePrivateHost();
  const { netns, place } = await namedSandbox(host);
  const chain = makeChain({ name: String(name), cniVersion: String(cniVersion), plugins: [plugin], host });
  const at = { containerId: "one", netns };
  const { ips } = await chain.add(at);
  expect(ips?.map(({ address }) => address)).toEqual(["10.21.0.2/24", "fd21::2/64"]);
  await using _server = await serveAll(place, 7);
  expect(await tcpEcho(host.network, "10.21.0.2", 7)).toMatchObject({ address: "10.21.0.1" });
  expect(await tcpEcho(host.network, "fd21::2", 7)).toMatchObject({ address: "fd21::1" });
  expect(await ping(place, "10.21.0.1")).toBe(true);
  await chain.check(at);
  await chain.del(at);
});
