import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addToIp, formatIp, type Ip, parseCidr, parseIp } from "../../src/ip/index.ts";
import { chooseAddress } from "./allocate.ts";
import { completeRange, type RangeSet, rangeFor } from "./ranges.ts";

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}

function range(subnet: string, start?: string, end?: string, gateway?: string) {
  const cidr = parseCidr(subnet);
  if (cidr === undefined) throw new Error(`no prefix: ${subnet}`);
  const optional = (text: string | undefined) => (text === undefined ? undefined : ip(text));
  return completeRange({ subnet: cidr, start: optional(start), end: optional(end), gateway: optional(gateway) });
}

/** Counts how often it is asked. */
function freeOf(taken: ReadonlySet<string>) {
  const asked = { times: 0 };
  const nextFree = (from: Ip, to: Ip): Ip | undefined => {
    asked.times++;
    for (let at = from; at.value <= to.value; at = addToIp(at, 1n)) if (!taken.has(formatIp(at))) return at;
    return undefined;
  };
  return { asked, nextFree };
}

function choose(set: RangeSet, last: string | undefined, taken: Iterable<string>): string | undefined {
  const gateways = set.map((each) => each.gateway);
  const choice = chooseAddress(
    set,
    last === undefined ? undefined : ip(last),
    gateways,
    freeOf(new Set(taken)).nextFree,
  );
  return choice === undefined ? undefined : formatIp(choice.ip);
}

describe("round robin", () => {
  const set = [range("10.1.0.0/29"), range("10.2.0.0/24", "10.2.0.10", "10.2.0.12", "10.2.0.11")];
  test.each([
    [undefined, [], "10.1.0.2"],
    ["10.1.0.2", [], "10.1.0.3"],
    ["10.1.0.6", [], "10.2.0.10"],
    ["10.2.0.10", [], "10.2.0.12"],
    ["10.2.0.12", [], "10.1.0.2"],
    ["10.9.9.9", [], "10.1.0.2"],
    ["10.1.0.3", ["10.1.0.4", "10.1.0.5", "10.1.0.6"], "10.2.0.10"],
    ["10.1.0.3", ["10.1.0.4", "10.1.0.5", "10.1.0.6", "10.2.0.10", "10.2.0.12"], "10.1.0.2"],
    ["10.1.0.3", ["10.1.0.4", "10.1.0.5", "10.1.0.6", "10.2.0.10", "10.2.0.12", "10.1.0.2"], "10.1.0.3"],
    ["10.1.0.3", ["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6", "10.2.0.10", "10.2.0.12"], undefined],
  ])("after %p with %p taken comes %p", (last, taken, next) => {
    expect(choose(set, last, taken)).toBe(next);
  });

  test("a range that ends with the last address there is, its gateway, ends", () => {
    const top = [range("255.255.255.0/24", "255.255.255.254", "255.255.255.255", "255.255.255.255")];
    expect(choose(top, undefined, ["255.255.255.254"])).toBeUndefined();
    expect(choose(top, "255.255.255.254", [])).toBe("255.255.255.254");
  });

  test("an IPv6 /64 is not probed address by address", () => {
    const set6 = [range("fd00::/64")];
    const { asked, nextFree } = freeOf(new Set());
    const gateways = set6.map((each) => each.gateway);
    expect(chooseAddress(set6, undefined, gateways, nextFree)?.ip).toEqual(ip("fd00::2"));
    expect(chooseAddress(set6, ip("fd00::ffff:ffff:ffff:ffff"), gateways, nextFree)?.ip).toEqual(ip("fd00::2"));
    expect(asked.times).toBe(4);
  });
});

const smallSet = fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 3 }).chain((nets) =>
  fc.tuple(
    ...nets.map((net) =>
      fc
        .tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 15 }))
        .map(([a, b, gateway]) => {
          const at = (host: number) => `10.0.0.${net * 16 + host}`;
          return range(`10.0.0.${net * 16}/28`, at(Math.min(a, b)), at(Math.max(a, b)), at(gateway));
        }),
    ),
  ),
);

describe("any set", () => {
  test("every address is given exactly once, never a gateway, until none is left", () => {
    fc.assert(
      fc.property(smallSet, fc.integer({ min: 0, max: 127 }), (set, start) => {
        const gateways = set.map((each) => each.gateway);
        const expected = new Set<string>();
        for (const each of set)
          for (let at = each.start; at.value <= each.end.value; at = addToIp(at, 1n))
            if (!gateways.some((gateway) => gateway.value === at.value)) expected.add(formatIp(at));
        const given = new Set<string>();
        let last: Ip | undefined = ip(`10.0.0.${start}`);
        for (;;) {
          const { asked, nextFree } = freeOf(given);
          const choice = chooseAddress(set, last, gateways, nextFree);
          expect(asked.times).toBeLessThanOrEqual(2 * set.length + 2);
          if (choice === undefined) break;
          expect(rangeFor(set, choice.ip)).toBe(choice.range);
          expect(given.has(formatIp(choice.ip))).toBe(false);
          given.add(formatIp(choice.ip));
          last = choice.ip;
        }
        expect([...given].sort()).toEqual([...expected].sort());
      }),
    );
  });

  test("an address that was just freed comes last", () => {
    const set = [range("10.0.0.0/28")];
    for (let i = 2; i < 14; i++) expect(choose(set, `10.0.0.${i}`, [])).toBe(`10.0.0.${i + 1}`);
  });
});
