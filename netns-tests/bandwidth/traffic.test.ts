/** Real streams through the limits: as fast as configured, in both directions, and free where a subnet is exempt. */
import { expect } from "bun:test";
import type { JsonObject } from "../../src/cni/types.ts";
import { callPlugin } from "../support/plugin.ts";
import { testUnless } from "../support/skip.ts";
import { expectRate, GATEWAY, lacks, makeWorld, measure, transferMs } from "./world.ts";

const MBIT = 1_000_000;
const INGRESS = 20 * MBIT;
const EGRESS = 10 * MBIT;
/** Small beside what passes while it is measured. */
const BURST = 320_000;
const LIMITS = { ingressRate: INGRESS, ingressBurst: BURST, egressRate: EGRESS, egressBurst: BURST };

for (const family of [4, 6] as const)
  testUnless(lacks, `a stream over IPv${family} is as fast as configured, in each direction`, async () => {
    await using world = await makeWorld();
    const one = await world.attach(world.network(LIMITS));
    const address = family === 4 ? one.v4 : one.v6;
    await expectRate(world.host, one.sandbox, address, INGRESS);
    await expectRate(one.sandbox, world.host, GATEWAY[family], EGRESS);
  });

testUnless(lacks, "a limit of one direction leaves the other one free", async () => {
  await using world = await makeWorld();
  const one = await world.attach(world.network({ ingressRate: INGRESS, ingressBurst: BURST }));
  await expectRate(world.host, one.sandbox, one.v4, INGRESS);
  expect(await measure(one.sandbox, world.host, GATEWAY[4], 600)).toBeGreaterThan(3 * INGRESS);
  const two = await world.attach(world.network({ egressRate: EGRESS, egressBurst: BURST }));
  await expectRate(two.sandbox, world.host, GATEWAY[4], EGRESS);
  expect(await measure(world.host, two.sandbox, two.v6, 600)).toBeGreaterThan(3 * INGRESS);
});

/** A second address of the host on the same wire, in the subnet that is told apart. */
const FAR = { 4: "10.99.1.1", 6: "fd99::1" } as const;
const SUBNETS = ["10.99.0.0/16", "fd99::/64"];

for (const [key, isFree] of [
  ["unshapedSubnets", "in"],
  ["shapedSubnets", "out"],
] as const)
  testUnless(lacks, `${key}: who is ${isFree} runs free both ways, others do not`, async () => {
    await using world = await makeWorld();
    const one = await world.attach(world.network({ ...LIMITS, [key]: SUBNETS }));
    const near = { 4: one.v4, 6: one.v6 } as const;
    for (const family of [4, 6] as const) {
      const nodad = family === 6 ? ["nodad"] : [];
      await world.host.exec("ip", "addr", "add", FAR[family], "dev", "br0", ...nodad);
      await one.sandbox.exec("ip", `-${family}`, "route", "add", FAR[family], "dev", "eth0");
    }
    const shaped = key === "shapedSubnets" ? FAR : GATEWAY;
    const free = key === "shapedSubnets" ? GATEWAY : FAR;
    for (const family of [4, 6] as const) {
      await expectRate(one.sandbox, world.host, shaped[family], EGRESS);
      expect(await measure(one.sandbox, world.host, free[family], 600)).toBeGreaterThan(3 * INGRESS);
    }
    // The way back: what counts is who sends.
    const route = (via: string) => world.host.exec("ip", "route", "replace", "10.57.0.0/16", "dev", "br0", "src", via);
    await route(shaped[4]);
    await expectRate(world.host, one.sandbox, near[4], INGRESS);
    await route(free[4]);
    expect(await measure(world.host, one.sandbox, near[4], 600)).toBeGreaterThan(3 * INGRESS);
  });

testUnless(lacks, "a burst that takes longer than the kernel counts in ticks is as large as configured", async () => {
  await using world = await makeWorld();
  // 2^32 ticks of 64 ns at this rate, and a packet: cut to 32 bits hardly anything would be left.
  const ingressBurst = Math.ceil(2 ** 32 * 64e-9 * MBIT) + 8 * 1500;
  const chain = world.network({ ingressRate: MBIT, ingressBurst });
  const one = await world.attach(chain);
  await chain.check(one.at);
  // At the rate alone these take 40 s.
  expect(await transferMs(world.host, one.sandbox, one.v4, 5_000_000)).toBeLessThan(10_000);
});

testUnless(lacks, "a burst smaller than a packet is pointed out", async () => {
  await using world = await makeWorld();
  const { at, result } = await world.attach(world.network({}));
  const answer = await callPlugin({
    command: "ADD",
    conf: {
      cniVersion: "1.1.0",
      name: "lab",
      type: "bandwidth",
      egressRate: MBIT,
      egressBurst: 8 * 1000,
      prevResult: result as unknown as JsonObject,
    },
    host: world.host,
    containerId: at.containerId,
    netns: at.netns,
    ifName: "eth0",
  });
  expect(answer.code).toBe(0);
  expect(answer.stderr).toMatch(/a burst of 1000 bytes is less than one packet of "veth.*" \(MTU 1500\)/);
});
