import { expect, test } from "bun:test";
import fc from "fast-check";
import { newRoute } from "../netlink/rtnl/route.ts";
import { readRoute } from "./route-answer.ts";
import { toRoute } from "./route-value.ts";

const byte = fc.nat({ max: 255 });
const word = fc.nat({ max: 0xffff_ffff });
const address = (family: number) =>
  family === 2
    ? fc.tuple(byte, byte, byte, byte).map((b) => b.join("."))
    : fc
        .array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 })
        .map((w) => w.map((n) => n.toString(16)).join(":"));

/** What a plain route may say, and two things that make it none. */
const common = (family: number) => ({
  table: word,
  dst: address(family),
  oif: word,
  gateway: address(family),
  priority: word,
  prefsrc: address(family),
  pref: byte,
});
const rare = { mark: word, metrics: fc.record({ mtu: word }) };

const routes = fc.constantFrom(2, 10).chain((family) =>
  fc.record({
    header: fc.record({
      family: fc.constant(family),
      dstLength: fc.nat({ max: family === 2 ? 32 : 128 }),
      tos: byte,
      table: byte,
      protocol: byte,
      scope: byte,
      type: byte,
      flags: word,
    }),
    attrs: fc
      .tuple(fc.record(common(family), { requiredKeys: [] }), fc.boolean(), fc.record(rare, { requiredKeys: [] }))
      .map(([some, plain, others]) => ({ ...some, ...(plain ? {} : others) })),
  }),
);

const seen = (route: ReturnType<typeof toRoute>) => ({
  ...Object.fromEntries(
    (
      ["family", "dst", "gw", "oif", "priority", "table", "scope", "type", "protocol", "src", "mtu", "advmss"] as const
    ).map((key) => [key, route[key]]),
  ),
  rest: [route.onlink, route.nexthops, route.flags, route.tos, route.pref, route.attrs],
});

test("a route read the short way is the one that the schema reads", () => {
  let short = 0;
  fc.assert(
    fc.property(routes, (value) => {
      const bytes = newRoute.encode(value);
      const read = readRoute(bytes);
      // Only the short way makes an object of a class.
      const isShort = Object.getPrototypeOf(read) !== Object.prototype;
      if (isShort) short++;
      expect(isShort).toBe(!("mark" in value.attrs || "metrics" in value.attrs));
      expect(seen(read)).toEqual(seen(toRoute(newRoute.decode(bytes))));
    }),
  );
  expect(short).toBeGreaterThan(0);
});

test("bytes that the schema refuses are refused, whatever they are", () => {
  fc.assert(
    fc.property(routes, fc.nat({ max: 200 }), byte, (value, at, b) => {
      const bytes = newRoute.encode(value);
      bytes[16 + (at % (bytes.length - 16))] = b;
      let whole: unknown;
      try {
        whole = seen(toRoute(newRoute.decode(bytes)));
      } catch (error) {
        whole = (error as Error).name;
      }
      let short: unknown;
      try {
        short = seen(readRoute(bytes));
      } catch (error) {
        short = (error as Error).name;
      }
      expect(short).toEqual(whole);
    }),
    { numRuns: 500 },
  );
});
