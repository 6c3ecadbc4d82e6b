import { describe, expect, test } from "bun:test";
import { CniError } from "../../src/cni/errors.ts";
import { formatIp, parseCidr, parseIp } from "../../src/ip/index.ts";
import { checkRangeSets, completeRange, formatRange, type RangeInput } from "./ranges.ts";

function input(subnet: string, start?: string, end?: string, gateway?: string): RangeInput {
  const cidr = parseCidr(subnet);
  if (cidr === undefined) throw new Error(`no prefix: ${subnet}`);
  const optional = (text: string | undefined) => (text === undefined ? undefined : parseIp(text));
  return { subnet: cidr, start: optional(start), end: optional(end), gateway: optional(gateway) };
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CniError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "accepted";
}

describe("one range", () => {
  test.each([
    [input("10.1.0.0/16"), "10.1.0.1-10.1.255.254", "10.1.0.1"],
    [input("10.1.0.0/30"), "10.1.0.1-10.1.0.2", "10.1.0.1"],
    [input("fd00::/64"), "fd00::1-fd00::ffff:ffff:ffff:ffff", "fd00::1"],
    [input("fd00::/126"), "fd00::1-fd00::3", "fd00::1"],
    [input("10.1.0.0/24", "10.1.0.0", "10.1.0.255", "10.1.0.9"), "10.1.0.0-10.1.0.255", "10.1.0.9"],
    [input("10.1.0.0/24", undefined, undefined, "10.9.0.1"), "10.1.0.1-10.1.0.254", "10.9.0.1"],
  ])("%# is completed to %s with gateway %s", (given, range, gateway) => {
    expect(formatRange(completeRange(given))).toBe(range);
    expect(formatIp(completeRange(given).gateway)).toBe(gateway);
  });

  test.each([
    [input("10.1.0.0/31"), "7 Network 10.1.0.0/31 too small to allocate from"],
    [input("fd00::/127"), "7 Network fd00::/127 too small to allocate from"],
    [input("10.1.0.5/16"), '7 Cannot use subnet "10.1.0.5/16": host bits are set'],
    [input("10.1.0.0/24", "10.1.1.0"), '7 Cannot use rangeStart "10.1.1.0": it is not in subnet "10.1.0.0/24"'],
    [input("10.1.0.0/24", undefined, "fd00::1"), '7 Cannot use rangeEnd "fd00::1": it is not in subnet "10.1.0.0/24"'],
    [
      input("10.1.0.0/24", "10.1.0.9", "10.1.0.8"),
      '7 Cannot use range 10.1.0.9-10.1.0.8 of subnet "10.1.0.0/24": it ends before it starts',
    ],
    [
      input("10.1.0.0/24", undefined, undefined, "fd00::1"),
      '7 Cannot use gateway "fd00::1" for subnet "10.1.0.0/24": another address family',
    ],
  ])("%# is refused: %s", (given, message) => {
    expect(refusal(() => completeRange(given))).toBe(message);
  });
});

describe("range sets", () => {
  const a = completeRange(input("10.1.0.0/24"));
  const b = completeRange(input("10.2.0.0/24"));
  const six = completeRange(input("fd00::/64"));
  const tail = completeRange(input("10.1.0.0/24", "10.1.0.200"));
  test.each([
    [[[a, b], [six]], "accepted"],
    [[[a], []], "7 Range set 1 is empty"],
    [[[a, six]], "7 Range set 0 mixes IPv4 and IPv6"],
    [[[a, tail]], "7 Range 10.1.0.200-10.1.0.254 of set 0 overlaps with 10.1.0.1-10.1.0.254 of set 0"],
    [[[b], [six], [tail], [a]], "7 Range 10.1.0.1-10.1.0.254 of set 3 overlaps with 10.1.0.200-10.1.0.254 of set 2"],
  ])("%# %s", (sets, message) => {
    expect(refusal(() => checkRangeSets(sets))).toBe(message);
  });
});
