import { describe, expect, test } from "bun:test";
import { CniError } from "../../src/cni/errors.ts";
import { readAllowList, requireAllowed } from "./allow-list.ts";
import type { Files } from "./files.ts";
import { parseSysctl } from "./sysctl.ts";

const enoent = Object.assign(new Error("open: ENOENT"), { op: "open", errno: 2, code: "ENOENT" });
const eacces = Object.assign(new Error("open: EACCES"), { op: "open", errno: 13, code: "EACCES" });

const holding = (text: string | Error, isLink = false): Files =>
  ({
    stat: () => (isLink ? { kind: "symlink" } : undefined),
    readFile() {
      if (text instanceof Error) throw text;
      return new TextEncoder().encode(text);
    },
  }) as unknown as Files;

function refusal(list: string | Error, key: string): CniError | undefined {
  try {
    requireAllowed(readAllowList(holding(list)), [parseSysctl("sysctl", key, "1")]);
    return undefined;
  } catch (error) {
    if (error instanceof CniError) return error;
    throw error;
  }
}

const KEY = "net.ipv4.conf.IFNAME.arp_filter";

describe("allowed", () => {
  test.each([
    [`^net.ipv4.conf.IFNAME.[a-z_]*$\n`],
    ["\n\n  ^net\\.ipv4\\.conf\\.IFNAME\\.arp_filter$  \r\n"],
    ["nothing\narp_filter"],
    ["\\Anet\\.ipv4\\..*\\z"],
    ["(?i)NET.IPV4.CONF.ifname"],
    ["^net\\.[[:alnum:]]+\\.conf\\.[[:upper:]]+\\.[a-z\\_]+$"],
    ["net\\.ipv4\\.conf\\.(IFNAME|eth0)\\.arp\\_filter"],
    [".*"],
  ])("by %j", (list) => {
    expect(refusal(list, KEY)).toBeUndefined();
  });
  test("without a list", () => {
    expect(refusal(enoent, KEY)).toBeUndefined();
  });
});

describe("not allowed", () => {
  test.each([[""], ["\n \n"], ["^net.ipv6"], ["arp_filter.$"], ["[[:digit:]]{9}"]])("by %j", (list) => {
    expect(refusal(list, KEY)).toMatchObject({ code: 7, message: `sysctl "${KEY}" is not allowed` });
  });

  test.each([["ok\n("], ["[[:nonsense:]]"], ["\\Q.*\\E"], ["(?P<x>a)"], ["a**"]])(
    "by %j, which is unusable",
    (list) => {
      const error = refusal(list, KEY);
      expect(error?.code).toBe(100);
      expect(error?.message).toContain("/etc/cni/tuning/allowlist.conf");
      expect(error?.message).toContain("is no regular expression");
    },
  );

  test("by a list that is a link to nothing", () => {
    expect(() => readAllowList(holding(enoent, true))).toThrow(/symbolic link to nothing/);
  });

  test("by a list that cannot be read", () => {
    expect(refusal(eacces, KEY)).toMatchObject({ code: 100, message: expect.stringContaining("cannot be read") });
  });
});
