import { describe, expect, test } from "bun:test";
import { parseCniArgs } from "./args.ts";
import { resolvePath, splitCniPath } from "./env.ts";
import { parseValidAttachments } from "./gc.ts";
import type { JsonObject } from "./types.ts";
import { validateContainerId, validateIfName, validateNetworkName } from "./validate.ts";
import { compareVersions, parseVersion } from "./version.ts";

describe("CNI_ARGS", () => {
  const taken: [string, Record<string, string>][] = [
    ["", {}],
    ["MAC=00:11:22:33:44:55", { MAC: "00:11:22:33:44:55" }],
    ["MAC=a;MAC=b", { MAC: "b" }],
    ["IgnoreUnknown=1;K8S_POD_NAME=x;MAC=a", { MAC: "a" }],
    ["MAC=a;x=;IgnoreUnknown=True", { MAC: "a" }],
    ["MAC=", { MAC: "" }],
  ];
  for (const [text, wanted] of taken)
    test(`${text} is taken`, () => expect(parseCniArgs(text, ["MAC"])).toEqual(wanted));
  const refused: [string, string][] = [
    ["MAC", 'ARGS: invalid pair "MAC"'],
    ["MAC=a=b", 'ARGS: invalid pair "MAC=a=b"'],
    ["MAC=a;", 'ARGS: invalid pair ""'],
    ["mac=a;x=1", 'ARGS: unknown args ["mac=a" "x=1"]'],
    ["x=1;IgnoreUnknown=0", 'ARGS: unknown args ["x=1"]'],
    ["IgnoreUnknown=maybe", 'ARGS: error parsing value of pair "IgnoreUnknown=maybe"'],
  ];
  for (const [text, message] of refused) {
    test(`${text} is refused, but not by DEL`, () => {
      expect(() => parseCniArgs(text, ["MAC"])).toThrow(message);
      expect(() => parseCniArgs(text, ["MAC"], true)).not.toThrow();
    });
  }
});

describe("names", () => {
  for (const id of ["a", "0", "a.b_c-d", "x".repeat(500)])
    test(`${id.slice(0, 10)} is an ID and a name`, () => {
      validateContainerId(id);
      validateNetworkName(id);
    });
  for (const id of ["-a", ".a", "_a", "a/b", "a b", "é", "a\n"])
    test(`${JSON.stringify(id)} is neither`, () => {
      expect(() => validateContainerId(id)).toThrow("invalid characters in containerID");
      expect(() => validateNetworkName(id)).toThrow("invalid characters found in network name");
    });
  for (const name of ["eth0", "a".repeat(15), "é€€€€", "eth0.5", "-"])
    test(`${name} names an interface`, () => validateIfName(name));
  const refused: [string, string][] = [
    ["", "is empty"],
    ["a".repeat(16), "too long"],
    ["é€€€€€", "too long"],
    [".", ". or .."],
    ["..", ". or .."],
    ["a/b", "contains"],
    ["a:b", "contains"],
    ["a b", "contains"],
    ["eth%d", "contains %"],
    ["all", "is all"],
    ["default", "is default"],
    ["a\u00a0b", "contains"],
    ["a\u0085b", "contains"],
    ["a\u3000b", "contains"],
  ];
  for (const [name, message] of refused)
    test(`${JSON.stringify(name)} names none`, () => expect(() => validateIfName(name)).toThrow(message));
});

describe("the list of valid attachments", () => {
  const a = { containerID: "a", ifname: "eth0" };
  const b = { containerID: "b", ifname: "eth0" };
  const list = "cni.dev/valid-attachments";
  const old = "cni.dev/attachments";
  const taken: [string, JsonObject, unknown[]][] = [
    ["one", { [list]: [a] }, [a]],
    ["the early spelling", { [old]: [a] }, [a]],
    ["both, equal in another order", { [list]: [a, b], [old]: [b, a] }, [a, b]],
    ["empty", { [list]: [] }, []],
    ["null", { [list]: null }, []],
    ["null and empty", { [list]: null, [old]: [] }, []],
    ["members in another case", { [list]: [{ ContainerID: "a", IfName: "eth0" }] }, [a]],
  ];
  for (const [name, raw, wanted] of taken)
    test(`${name} is taken`, () => expect(parseValidAttachments(raw)).toEqual(wanted as never));
  const refused: [string, JsonObject][] = [
    ["absent", { name: "x" }],
    ["two that differ", { [list]: [a], [old]: [b] }],
    ["one empty, one not", { [list]: [], [old]: [b] }],
    ["one null, one not", { [list]: null, [old]: [b] }],
    ["text", { [list]: "a" }],
    ["an object", { [list]: {} }],
    ["texts", { [list]: ["a"] }],
    ["an entry without name", { [list]: [{ containerID: "a" }] }],
    ["an entry of the wrong type", { [list]: [{ containerID: 5, ifname: "eth0" }] }],
  ];
  for (const [name, raw] of refused) {
    test(`${name} is code 7`, () => {
      let code: unknown;
      try {
        parseValidAttachments(raw);
      } catch (error) {
        code = (error as { code: unknown }).code;
      }
      expect(code).toBe(7);
    });
  }
});

test("versions compare by number", () => {
  expect(compareVersions("0.10.0", "0.9.9")).toBeGreaterThan(0);
  expect(compareVersions("", "0.1.0")).toBe(0);
  expect(compareVersions("1", "1.0.0")).toBe(0);
  for (const text of ["x", "1.x", "1.0.0.0", "-1", " 1", "1.0.0-rc"])
    expect(() => parseVersion(text)).toThrow("cannot parse");
});

test("relative entries of CNI_PATH count from the caller's folder", () => {
  expect(splitCniPath("/opt/cni/bin::bin:./x", "/root")).toEqual(["/opt/cni/bin", "/root/bin", "/root/./x"]);
  expect(splitCniPath("/opt/cni/bin:bin", undefined)).toEqual(["/opt/cni/bin"]);
  expect(resolvePath("netns", "/")).toBe("/netns");
});
