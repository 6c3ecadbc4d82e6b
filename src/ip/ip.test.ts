import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  addToIp,
  type Cidr,
  cidrContains,
  cidrProblem,
  compareIp,
  formatCidr,
  formatIp,
  type Ip,
  ipFromBytes,
  ipToBytes,
  lastIp,
  networkCidr,
  networkIp,
  parseCidr,
  parseIp,
  sameIp,
} from "./index.ts";

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`no prefix: ${text}`);
  return parsed;
}

describe("addresses", () => {
  // Right column: what Go's net.ParseIP(left).String() prints.
  test.each([
    ["0.0.0.0", "0.0.0.0"],
    ["10.1.0.5", "10.1.0.5"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    ["fd00::", "fd00::"],
    ["FD00:0:0:0:0:0:0:00A1", "fd00::a1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
    ["::1.2.3.4", "::102:304"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::ffff:a00:1", "10.0.0.1"],
    ["fe80::1:0:0:0", "fe80::1:0:0:0"],
  ])("%s is printed %s", (text, canonical) => {
    expect(formatIp(ip(text))).toBe(canonical);
    expect(ip(canonical)).toEqual(ip(text));
  });

  test.each([
    "",
    "10.1.0",
    "10.1.0.256",
    "10.1.0.01",
    "10.1.0.5 ",
    "10.1.0.5/16",
    "+1.2.3.4",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "12345::",
    "fe80::1%eth0",
    "1.2.3.4::",
    "::1.2.3",
    "g::",
    "lock",
    "last_reserved_ip.0",
  ])("%p is no address", (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  test("every value survives text and bytes", () => {
    const any = fc.oneof(
      fc.bigInt(0n, 2n ** 32n - 1n).map((value): Ip => ({ family: 4, value })),
      fc
        .oneof(
          fc.bigInt(0n, 2n ** 128n - 1n),
          fc.bigInt(0n, 0xffffn).map((low) => (0xfd00n << 112n) | low),
        )
        .filter((value) => value >> 32n !== 0xffffn)
        .map((value): Ip => ({ family: 6, value })),
    );
    fc.assert(
      fc.property(any, (value) => {
        expect(parseIp(formatIp(value))).toEqual(value);
        expect(ipFromBytes(ipToBytes(value))).toEqual(value);
      }),
    );
  });

  test("order and steps", () => {
    expect(compareIp(ip("10.0.0.9"), ip("10.0.0.10"))).toBe(-1);
    expect(compareIp(ip("255.0.0.0"), ip("::1"))).toBeLessThan(0);
    expect(compareIp(ip("fd00::1"), ip("fd00::1"))).toBe(0);
    expect(sameIp(ip("0.0.0.1"), ip("::1"))).toBe(false);
    expect(formatIp(addToIp(ip("10.0.0.255"), 1n))).toBe("10.0.1.0");
    expect(formatIp(addToIp(ip("10.0.0.0"), -1n))).toBe("9.255.255.255");
    expect(formatIp(addToIp(ip("255.255.255.255"), 1n))).toBe("0.0.0.0");
    expect(ipFromBytes(new Uint8Array(5))).toBeUndefined();
  });
});

describe("prefixes", () => {
  test.each([
    ["10.1.2.3/16", "10.1.0.0", "10.1.255.255"],
    ["10.1.2.3/32", "10.1.2.3", "10.1.2.3"],
    ["10.1.2.3/0", "0.0.0.0", "255.255.255.255"],
    ["fd00::5/64", "fd00::", "fd00::ffff:ffff:ffff:ffff"],
    ["fd00::5/128", "fd00::5", "fd00::5"],
  ])("%s covers %s to %s", (text, first, last) => {
    const prefix = cidr(text);
    expect(formatCidr(prefix)).toBe(text);
    expect(formatIp(networkIp(prefix))).toBe(first);
    expect(formatIp(lastIp(prefix))).toBe(last);
    expect(cidrContains(prefix, ip(first))).toBe(true);
    expect(cidrContains(prefix, ip(last))).toBe(true);
    expect(formatIp(networkCidr(prefix).ip)).toBe(first);
  });

  test("neighbours and the other family lie outside", () => {
    const prefix = cidr("10.1.2.3/16");
    expect(cidrContains(prefix, ip("10.2.0.0"))).toBe(false);
    expect(cidrContains(prefix, ip("10.0.255.255"))).toBe(false);
    expect(cidrContains(cidr("::/0"), ip("10.1.0.0"))).toBe(false);
  });

  test.each([
    ["10.1.0.0", "no prefix length, expected ADDRESS/LENGTH"],
    ["10.1.0.0/33", "prefix length is 0..32"],
    ["10.1.0.0/-1", "prefix length is 0..32"],
    ["10.1.0.0/016", "prefix length is 0..32"],
    ["fd00::/129", "prefix length is 0..128"],
    ["10.1.0/24", '"10.1.0" is no IP address'],
    ["::ffff:10.0.0.0/104", "an IPv4-mapped IPv6 address, write it as IPv4"],
  ])("%s is refused: %s", (text, problem) => {
    expect(parseCidr(text)).toBeUndefined();
    expect(cidrProblem(text)).toBe(problem);
  });
});
