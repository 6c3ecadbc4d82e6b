import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { testUnless } from "../support/skip.ts";
import { expectRate, GATEWAY, lacks, makeWorld } from "./world.ts";

testUnless(lacks, "the README's example does what it says", async () => {
  const page = readFileSync(join(import.meta.dir, "../../plugins/bandwidth/README.md"), "utf8");
  const [, text = ""] = /^```json\n(.*?)^```$/ms.exec(page) ?? [];
  const { plugins, ...list } = JSON.parse(text) as { plugins: JsonObject[]; cniVersion: string; name: string };
  await using world = await makeWorld();
  const [main = {}, own = {}] = plugins;
  const ipam = { ...(main["ipam"] as JsonObject), dataDir: world.dataDir };
  const chain = world.network({}, { ...list, plugins: [{ ...main, ipam }, own] });
  const one = await world.attach(chain);
  await chain.check(one.at);
  expect(await world.host.exec("tc", "qdisc", "show")).toMatch(
    /tbf 2: dev veth.* rate 80Mbit burst 200000b .*lat 25ms/,
  );
  await world.host.exec("ip", "addr", "add", GATEWAY[4], "dev", "lo");
  await one.sandbox.exec("ip", "route", "add", GATEWAY[4], "via", "10.20.0.1");
  await expectRate(one.sandbox, world.host, GATEWAY[4], 40_000_000);
  await chain.del(one.at);
  expect(await world.host.exec("tc", "qdisc", "show")).not.toContain("htb");
});
