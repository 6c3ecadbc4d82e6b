/** Hardware addresses, addresses told to the neighbours, and duplicate-address detection. */
import { expect } from "bun:test";
import type { JsonObject } from "../../src/cni/types.ts";
import type { Attachment } from "../support/chain.ts";
import { makeSandbox } from "../support/netns.ts";
import { testUnless } from "../support/skip.ts";
import { serveAll, tcpEcho } from "../support/traffic.ts";
import { errorOf, lack, linkIn, linkNames, makeLab, NEIGHBOUR } from "./lab.ts";

const mac = (n: number): string => `02:00:00:00:66:0${n}`;
const byKey: JsonObject = { mac: mac(1) };
const byArgs: Partial<Attachment> = { args: `IgnoreUnknown=1;MAC=${mac(2)};K8S_POD_NAME=x` };
const byCni: JsonObject = { args: { cni: { mac: mac(3) } } };
const byRuntime: Partial<Attachment> = { runtimeConfig: { mac: mac(4) } };
const capabilities = { mac: true };

testUnless(
  lack,
  "the hardware address comes from the runtime, then args.cni, then CNI_ARGS, then the key",
  async () => {
    await using lab = await makeLab();
    for (const { conf, how, want } of [
      { conf: byKey, how: {}, want: mac(1) },
      { conf: byKey, how: byArgs, want: mac(2) },
      { conf: { ...byKey, ...byCni }, how: byArgs, want: mac(3) },
      { conf: { ...byKey, ...byCni, capabilities }, how: { ...byArgs, ...byRuntime }, want: mac(4) },
      // Without the capability the runtime's is not passed on.
      { conf: byKey, how: byRuntime, want: mac(1) },
    ]) {
      const network = lab.network(conf);
      const one = await network.attach("one", how);
      expect(one.result.interfaces?.[0]?.mac).toBe(want);
      expect((await linkIn(one.sandbox, "eth0")).address).toBe(want);
      await network.chain.del(one.at);
    }
  },
);

testUnless(lack, "an address in use on the master is refused with its name, and leaves nothing", async () => {
  await using lab = await makeLab();
  const network = lab.network({ mac: mac(1) });
  const one = await network.attach("one");
  const sandbox = lab.use(await makeSandbox());
  const error = await errorOf(network.attach("two", { sandbox }));
  expect(error).toMatchObject({ code: 11 });
  expect(String(error["msg"])).toContain(`${mac(1)} is already in use on master "nic0"`);
  expect(await linkNames(sandbox)).toEqual(["lo"]);
  await network.chain.check(one.at);
  await network.chain.del(one.at);
  await network.attach("two", { sandbox });
});

testUnless(lack, "neighbours that remember another holder are told of the new one, IPv4 and IPv6", async () => {
  await using lab = await makeLab();
  const { neighbour } = lab;
  // Where the next container will be, somebody was a moment ago.
  const held = ["10.66.0.10", "fd66::10"];
  for (const address of held)
    await neighbour.exec(
      ...["ip", "neigh", "replace", address, "lladdr", "02:00:00:00:00:99", "dev", "eth0", "nud", "reachable"],
    );
  const one = await lab.network().attach("one");
  expect([one.v4, one.v6]).toEqual(held);
  const { address: own } = await linkIn(one.sandbox, "eth0");
  for (const address of held) {
    let seen = "";
    for (const deadline = Date.now() + 3_000; seen !== own && Date.now() < deadline; await Bun.sleep(20)) {
      const [entry] = JSON.parse(await neighbour.exec("ip", "-j", "neigh", "show", address)) as { lladdr?: string }[];
      seen = entry?.lladdr ?? "";
    }
    expect({ address, lladdr: seen }).toEqual({ address, lladdr: own });
  }
});

testUnless(lack, "IPv6 addresses are usable when ADD answers: none is tentative, and nothing waited", async () => {
  await using lab = await makeLab();
  const network = lab.network();
  await network.attach("first");
  await using _server = await serveAll(lab.neighbour, 7);
  const one = await network.attach("one");
  expect(
    (await linkIn(one.sandbox, "eth0")).addr_info.find(({ local }) => local === one.v6)?.tentative,
  ).toBeUndefined();
  expect(await tcpEcho(one.sandbox, NEIGHBOUR[1], 7, { timeoutMs: 900 })).toMatchObject({ address: one.v6 });
});

testUnless(
  lack,
  "enabledad: an address that somebody on the segment has is found out, and ADD takes all back",
  async () => {
    await using lab = await makeLab();
    const fixed = (address: string): JsonObject => ({ type: "static", addresses: [{ address }] });
    const sandbox = lab.use(await makeSandbox());
    const taken = lab.network({ enabledad: true, ipam: fixed(`${NEIGHBOUR[1]}/64`) });
    const error = await errorOf(taken.attach("one", { sandbox }));
    expect(error).toMatchObject({ code: 100 });
    expect(String(error["msg"])).toContain(`${NEIGHBOUR[1]} on eth0 is in use by another host`);
    expect(await linkNames(sandbox)).toEqual(["lo"]);
    const free = lab.network({ enabledad: true, ipam: fixed("fd66::77/64") });
    const one = await free.attach("one", { sandbox });
    expect((await linkIn(sandbox, "eth0")).addr_info.find(({ local }) => local === one.v6)?.tentative).toBeUndefined();
  },
  20_000,
);
