import { describe, expect, test } from "bun:test";
import { CniError } from "../../src/cni/errors.ts";
import { parseSysctl, sameValue, sysctlPath } from "./sysctl.ts";

describe("a key's path", () => {
  const rows: [key: string, ifName: string, path: string][] = [
    ["net.ipv4.ip_forward", "eth0", "net/ipv4/ip_forward"],
    ["net/ipv4/ip_forward", "eth0", "net/ipv4/ip_forward"],
    ["net.ipv4.conf.IFNAME.arp_filter", "eth0.5", "net/ipv4/conf/eth0.5/arp_filter"],
    ["net/ipv4/conf/eth0.5/arp_filter", "eth1", "net/ipv4/conf/eth0.5/arp_filter"],
    ["net.ipv4.conf/eth0/arp_filter", "eth1", "net/ipv4/conf/eth0/arp_filter"],
    // The first one, as in the reference; and no pattern of String.replace.
    ["net.ipv4.conf.IFNAME.IFNAME", "$&", "net/ipv4/conf/$&/IFNAME"],
  ];
  test.each(rows)("%s for %s", (key, ifName, path) => {
    expect(sysctlPath(parseSysctl("sysctl", key, "1"), ifName)).toBe(path);
  });

  test.each([
    "",
    "net",
    "net.",
    "net..ipv4",
    "net/../kernel/hostname",
    "net/ipv4/../../kernel/hostname",
    "net.ipv4./../../kernel.hostname",
    "/net/ipv4/ip_forward",
    "/proc/sys/net/ipv4/ip_forward",
    "net/./ipv4",
    "kernel.core_pattern",
    "netx.ipv4",
    "net.ipv4.ip_forward\n",
    "net.\0",
    `net.${"a".repeat(252)}`,
  ])("%j is refused", (key) => {
    expect(() => parseSysctl("k", key, "1")).toThrow(CniError);
  });

  test.each(["a\0b", "a".repeat(4097)])("a value that the kernel never takes is refused", (value) => {
    expect(() => parseSysctl("k", "net.ipv4.ip_forward", value)).toThrow("too long or holds a NUL");
  });
});

describe("one value", () => {
  test.each([
    ["1", "1"],
    ["1", " 1\n"],
    ["4096\t87380\t6291456", "4096 87380  6291456"],
    ["255", "0xff"],
    ["255", "0XFF"],
    ["8", "010"],
    ["-1", "-1"],
    ["5", "+5"],
    ["cubic", "cubic"],
    ["8080,9000-9002", "9000,8080,9001,9002"],
    ["1-5", "1-3,4,5,2"],
    ["", " "],
    ["18446744073709551615", "18446744073709551615"],
  ])("%j and %j", (a, b) => {
    expect(sameValue(a, b)).toBe(true);
    expect(sameValue(b, a)).toBe(true);
  });
  test.each([
    ["1", "0"],
    ["1", "1 1"],
    ["10", "010"],
    ["cubic", "CUBIC"],
    ["1-5", "1-4"],
    ["1-2", "12"],
    ["", "0"],
    ["18446744073709551615", "18446744073709551614"],
  ])("not %j and %j", (a, b) => {
    expect(sameValue(a, b)).toBe(false);
  });
});
