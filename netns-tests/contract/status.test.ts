/** STATUS: ready, except for what no retry heals. */
import { describe, expect } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import { contractTest } from "./contract-test.ts";
import { leftovers, makeBench, makeNetwork } from "./network.ts";
import { withReadOnly } from "./places.ts";
import { callRaw, configOf } from "./raw.ts";
import { SUBJECTS, subject } from "./subjects/index.ts";

describe("STATUS", () => {
  for (const which of SUBJECTS.filter(({ variant }) => !variant))
    contractTest(`${which.name}: ready on a fresh host, which it leaves fresh`, async () => {
      await using bench = await makeBench();
      const network = makeNetwork(bench, which);
      await which.prepare?.(network);
      const before = await bench.snapshot();
      await network.chain.status();
      expect(leftovers(before, await bench.snapshot(), { stays: [] })).toEqual([]);
    });

  contractTest("bridge: 50 when the IPAM plugin is missing, and what it says itself when it is not ready", async () => {
    await using bench = await makeBench();
    const network = makeNetwork(bench, subject("bridge with a gateway, v4"));
    const missing = await callRaw(network, "STATUS", configOf(network, { ipam: { type: "nowhere" } }));
    expect(missing).toMatchObject({ code: 1, json: { code: 50 } });
    expect(String(missing.json?.["msg"])).toContain('"nowhere"');

    const folder = join(bench.dataDir, "../plugins");
    mkdirSync(folder);
    writeFileSync(join(folder, "foreign"), `#!/bin/sh\necho '{"code":51,"msg":"nearly"}'\nexit 1\n`);
    chmodSync(join(folder, "foreign"), 0o755);
    const conf = configOf(network, { ipam: { type: "foreign" } });
    const answer = await callRaw(network, "STATUS", conf, { path: [folder, OURS_DIR ?? ""] });
    expect(answer).toMatchObject({ code: 1, json: { code: 51 } });
  });

  for (const name of ["bridge with a gateway, v4", "host-local"])
    contractTest(`${name}: 50 when leases cannot be written, before the first one and after`, async () => {
      await using bench = await makeBench();
      const network = makeNetwork(bench, subject(name));
      mkdirSync(bench.dataDir);
      for (const id of ["before", "after"]) {
        const host = withReadOnly(bench, bench.dataDir);
        const answer = await callRaw(network, "STATUS", configOf(network), { host });
        expect(answer).toMatchObject({ code: 1, json: { code: 50 } });
        expect(String(answer.json?.["msg"])).toContain(bench.dataDir);
        await network.attach(id);
        await network.chain.status();
      }
    });

  contractTest("host-local: a full range is a warning and success", async () => {
    await using bench = await makeBench();
    const network = makeNetwork(bench, subject("host-local"));
    const ipam: JsonObject = { type: "host-local", dataDir: bench.dataDir, subnet: "10.88.1.0/30" };
    const { at } = await network.newContainer("one");
    const parameters = { containerId: "one", netns: at.netns, ifName: "eth0" };
    expect(await callRaw(network, "ADD", configOf(network, { ipam }), parameters)).toMatchObject({ code: 0 });
    const answer = await callRaw(network, "STATUS", configOf(network, { ipam }));
    expect(answer).toMatchObject({ code: 0, stdout: "" });
    expect(answer.stderr).toContain("no IP addresses available");
    const strict = configOf(network, { ipam: { ...ipam, statusWhenFull: "fail" } });
    expect(await callRaw(network, "STATUS", strict)).toMatchObject({ code: 1, json: { code: 50 } });
  });

  contractTest("bridge: 50 when the link of its name is no bridge", async () => {
    await using bench = await makeBench();
    const network = makeNetwork(bench, subject("bridge on layer 2"));
    await bench.host.exec("ip", "link", "add", "br1", "type", "veth", "peer", "name", "br1-peer");
    expect(await callRaw(network, "STATUS", configOf(network))).toMatchObject({ code: 1, json: { code: 50 } });
  });
});
