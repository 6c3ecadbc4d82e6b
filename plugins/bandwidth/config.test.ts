import { describe, expect, test } from "bun:test";
import { CniError } from "../../src/cni/errors.ts";
import type { JsonObject } from "../../src/cni/types.ts";
import { formatCidr } from "../../src/ip/index.ts";
import { type BandwidthConf, parse } from "./config.ts";

const conf = (raw: JsonObject, lenient = false): BandwidthConf =>
  parse({ cniVersion: "1.1.0", name: "n", type: "bandwidth", raw }, { lenient });

/** Over limits that are good. */
const GOOD = { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 16_000_000, egressBurst: 1_600_000 };

test("bits become bytes", () => {
  expect(conf(GOOD)).toMatchObject({
    ingress: { rateBytesPerSec: 1_000_000, burstBytes: 100_000 },
    egress: { rateBytesPerSec: 2_000_000, burstBytes: 200_000 },
    subnets: undefined,
  });
  // Of a rate that is no multiple of 8 the reference drops the rest.
  expect(conf({ ingressRate: 15, ingressBurst: 23 }).ingress).toEqual({ rateBytesPerSec: 1, burstBytes: 2 });
});

test("zero, null and nothing are no limit", () => {
  const none = { ingressRate: 0, ingressBurst: 0, egressRate: null };
  for (const raw of [{}, none, { runtimeConfig: {} }, { runtimeConfig: { bandwidth: none } }])
    expect(conf(raw)).toMatchObject({ ingress: undefined, egress: undefined });
});

test("the runtime's limits count where the config has none; one key at the top hides them all", () => {
  const runtimeConfig = { bandwidth: { ...GOOD, unshapedSubnets: ["10.0.0.0/8"] } };
  expect(conf({ runtimeConfig })).toMatchObject({
    ingress: { rateBytesPerSec: 1_000_000 },
    subnets: { are: "exempt" },
  });
  for (const top of [{ ingressRate: 0 }, { EGRESSBURST: null }, { shapedSubnets: [] }] as JsonObject[])
    expect(conf({ ...top, runtimeConfig })).toMatchObject({
      ingress: undefined,
      egress: undefined,
      subnets: undefined,
    });
});

test("subnets lose their host bits", () => {
  const { subnets } = conf({ ...GOOD, shapedSubnets: ["10.1.2.3/16", "fd00::1/64", "0.0.0.0/0"] });
  expect(subnets?.are).toBe("only");
  expect(subnets?.list.map(formatCidr)).toEqual(["10.1.0.0/16", "fd00::/64", "0.0.0.0/0"]);
  expect(conf({ ...GOOD, shapedSubnets: [], unshapedSubnets: [] }).subnets).toBeUndefined();
});

const many = Array.from({ length: 257 }, (_, i) => `10.0.${i & 255}.0/24`);

describe("refused", () => {
  const rows: [name: string, keys: JsonObject, msg: RegExp][] = [
    ...(["ingressRate", "ingressBurst", "egressRate", "egressBurst"] as const).flatMap((key) =>
      [-1, 1.5, "1M", true, [], {}, 1e300].map((value): [string, JsonObject, RegExp] => [
        `${key} ${JSON.stringify(value)}`,
        { [key]: value },
        new RegExp(`key "${key}": need an integer .*have`),
      ]),
    ),
    ["a rate without burst", { ingressBurst: 0 }, /"ingressBurst": need at least 8 bits beside "ingressRate", have 0/],
    ["a burst without rate", { egressRate: 0 }, /"egressRate": need at least 8 bits per second beside "egressBurst"/],
    ["a rate below a byte", { ingressRate: 7 }, /"ingressRate": need at least 8 bits/],
    ["a burst below a byte", { egressBurst: 7 }, /"egressBurst": need at least 8 bits/],
    ["a burst of 4 GiB", { egressBurst: 8 * (2 ** 32 - 1) }, /"egressBurst": need an integer from 0 to 34359738359/],
    ["subnets of both sorts", { shapedSubnets: ["::/0"], unshapedSubnets: ["::/1"] }, /exclude each other/],
    ...["10.0.0.0", "10.0.0.0/33", "x/8", "", "fd00::/129", "::ffff:10.0.0.0/104"].map(
      (text): [string, JsonObject, RegExp] => [
        `subnet ${JSON.stringify(text)}`,
        { unshapedSubnets: ["10.0.0.0/8", text] },
        new RegExp(`key "unshapedSubnets\\[1\\]": Cannot parse subnet ${RegExp.escape(JSON.stringify(text))}: `),
      ],
    ),
    ["subnets as text", { shapedSubnets: "10.0.0.0/8" }, /key "shapedSubnets": need a list/],
    ["a subnet that is a number", { shapedSubnets: [10] }, /key "shapedSubnets\[0\]": need a string, have 10/],
    ["more subnets than are any use", { shapedSubnets: many }, /"shapedSubnets": 257 subnets/],
  ];
  const refusal = (raw: JsonObject): CniError => {
    try {
      conf(raw);
    } catch (error) {
      if (error instanceof CniError) return error;
      throw error;
    }
    throw new Error("not refused");
  };
  test.each(rows)("%s", (_name, keys, msg) => {
    const atTop = refusal({ ...GOOD, ...keys });
    expect(atTop.code).toBe(7);
    expect(atTop.message).toMatch(msg);
    // The same from the runtime, under its path.
    const fromRuntime = refusal({ runtimeConfig: { bandwidth: { ...GOOD, ...keys } } });
    expect(fromRuntime.code).toBe(7);
    expect(fromRuntime.message).toContain('"runtimeConfig.bandwidth.');
    // A clean-up must not stop at it.
    expect(conf({ ...GOOD, ...keys }, true).name).toBe("n");
  });
  for (const runtimeConfig of [5, { bandwidth: 5 }])
    test(`runtimeConfig ${JSON.stringify(runtimeConfig)}`, () => {
      expect(refusal({ runtimeConfig }).message).toContain("need an object, have 5");
    });
});
