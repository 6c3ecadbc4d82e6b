import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { allDevices, DeviceError, type HostDevices, type HostNode, requestedDevices } from "./nodes.ts";
import { deviceProgram } from "./program.ts";
import { ALL_DEVICES, accessOf, DEFAULT_RULES, type DeviceRule, ruleText } from "./rules.ts";
import { permits, type Wish } from "./testing/interpreter.ts";

const wish = (text: string): Wish => {
  const [, type, major, minor, access = ""] = /^([cb]) (\d+):(\d+) ([rwm]+)$/.exec(text) ?? [];
  return { type: type === "b" ? "b" : "c", major: Number(major), minor: Number(minor), access };
};
const rule = (text: string): DeviceRule => {
  const [, sign, type, major, minor, access = ""] = /^([+-])([acb]) (\d+|\*):(\d+|\*) ([rwm]+)$/.exec(text) ?? [];
  const number = (word: string | undefined): number => (word === "*" ? -1 : Number(word));
  return { allow: sign === "+", type: type as "a" | "c" | "b", major: number(major), minor: number(minor), access };
};

describe("device rules", () => {
  test.each([
    ["c 1:3 rw", true],
    ["c 1:3 rwm", true],
    ["c 136:7 rw", true],
    ["c 5:2 rw", true],
    ["b 8:0 m", true],
    ["c 10:229 m", true],
    ["b 8:0 r", false],
    ["c 10:200 rw", false],
    ["c 1:11 r", false],
    ["c 1:1 w", false],
    ["c 5:3 r", false],
  ])("a container's default: %s is %p", (text, verdict) => {
    expect(permits(deviceProgram(accessOf(DEFAULT_RULES)), wish(text))).toBe(verdict);
  });

  test("--privileged: everything", () => {
    const program = deviceProgram(accessOf([...DEFAULT_RULES, ...ALL_DEVICES]));
    for (const text of ["b 8:0 rwm", "c 1:1 w", "c 10:200 rw"]) expect(permits(program, wish(text))).toBe(true);
  });

  test.each([
    // The kernel adds to the exception for the same numbers, so that one read and one write make both.
    [["+c 1:3 r", "+c 1:3 w"], "c 1:3 rw", true],
    [["+c 1:3 r", "+c 1:* w"], "c 1:3 rw", false],
    [["+c 1:3 rwm", "-c 1:3 w"], "c 1:3 w", false],
    [["+c 1:3 rwm", "-c 1:3 w"], "c 1:3 r", true],
    [["+c 1:* rwm", "-c 1:3 rwm"], "c 1:3 r", true],
    [["+c 1:3 rwm", "-a *:* rwm"], "c 1:3 r", false],
    [["+a *:* rwm", "-b 8:0 w"], "b 8:0 r", true],
    [["+a *:* rwm", "-b 8:0 w"], "b 8:0 rw", false],
    [["+a *:* rwm", "-b 8:* rwm"], "b 8:5 r", false],
    [["+a *:* rwm", "-b 8:* rwm"], "b 9:5 r", true],
    [["+a *:* rwm", "-b 8:0 rw", "+b 8:0 r"], "b 8:0 r", true],
    [[], "c 1:3 r", false],
  ])("%j: %s is %p", (rules, text, verdict) => {
    expect(permits(deviceProgram(accessOf(rules.map(rule))), wish(text))).toBe(verdict);
  });

  test("the program says what the rules mean, whatever they are", () => {
    const number = fc.constantFrom(-1, 0, 1, 3, 5, 0xfffff, 0x7fffffff);
    const access = fc.constantFrom("r", "w", "m", "rw", "rm", "wm", "rwm");
    const rules = fc.array(
      fc.record({
        allow: fc.boolean(),
        type: fc.constantFrom("c", "c", "b", "b", "a"),
        major: number,
        minor: number,
        access,
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(rules, (list) => {
        const is = accessOf(list);
        const program = deviceProgram(is);
        for (const type of ["c", "b"] as const)
          for (const major of [0, 1, 3, 0xfffff])
            for (const minor of [1, 5, 0x7fffffff])
              for (const wanted of ["r", "w", "m", "rw", "rwm"]) {
                const fits = is.exceptions.filter(
                  (one) => one.type === type && [-1, major].includes(one.major) && [-1, minor].includes(one.minor),
                );
                // devcgroup in security/device_cgroup.c: all of it in one exception, or none of it in any.
                const all = fits.some((one) => [...wanted].every((letter) => one.access.includes(letter)));
                const any = fits.some((one) => [...wanted].some((letter) => one.access.includes(letter)));
                expect(permits(program, { type, major, minor, access: wanted })).toBe(is.allow ? !any : all);
              }
      }),
    );
  });

  test("as devices.allow takes them", () => {
    expect(DEFAULT_RULES.slice(0, 4).map(ruleText)).toEqual(["a *:* rwm", "c *:* m", "b *:* m", "c 1:3 rwm"]);
  });
});

const device = (kind: "c" | "b", major: number, minor: number): HostNode => ({
  kind,
  mode: 0o20660,
  uid: 0,
  gid: 44,
  rdev: (major << 8) | (minor & 0xff) | ((minor & ~0xff) << 12),
});
const folder: HostNode = { kind: "directory", mode: 0o40755, uid: 0, gid: 0, rdev: 0 };

const host = (tree: Readonly<Record<string, HostNode>>): HostDevices => ({
  stat: (path) => tree[path],
  list: (path) =>
    Object.keys(tree)
      .filter((entry) => entry.slice(0, entry.lastIndexOf("/")) === path)
      .map((entry) => entry.slice(path.length + 1)),
});

describe("devices of the host", () => {
  const tree = host({
    "/dev/dri": folder,
    "/dev/dri/card0": device("c", 226, 0),
    "/dev/dri/renderD128": device("c", 226, 128),
    "/dev/sda": device("b", 8, 0),
    "/dev/big": device("b", 259, 300),
    "/dev/log": { ...folder, kind: "other" },
    "/dev/null": device("c", 1, 3),
    "/dev/pts": folder,
    "/dev/pts/0": device("c", 136, 0),
    "/dev/empty": folder,
  });

  test("one, under another name and with less access", () => {
    expect(requestedDevices({ source: "/dev/sda", target: "/dev/disk", access: "r" }, tree)).toEqual([
      {
        node: { path: "/dev/disk", type: "b", major: 8, minor: 0, mode: 0o660, uid: 0, gid: 44 },
        rule: { allow: true, type: "b", major: 8, minor: 0, access: "r" },
      },
    ]);
    expect(requestedDevices({ source: "/dev/big", target: "/dev/big", access: "rwm" }, tree)[0]?.node).toMatchObject({
      major: 259,
      minor: 300,
    });
  });

  test("a folder is all devices in it", () => {
    const found = requestedDevices({ source: "/dev/dri", target: "/dev/gpu", access: "rw" }, tree);
    expect(found.map(({ node, rule: is }) => `${node.path} ${ruleText(is)}`)).toEqual([
      "/dev/gpu/card0 c 226:0 rw",
      "/dev/gpu/renderD128 c 226:128 rw",
    ]);
  });

  test.each(["/dev/absent", "/dev/log", "/dev/empty"])("%s is refused", (source) => {
    expect(() => requestedDevices({ source, target: source, access: "rwm" }, tree)).toThrow(DeviceError);
  });

  test("all, for --privileged: without terminals and what a container has anyway", () => {
    expect(allDevices(tree).map(({ node }) => node.path)).toEqual([
      "/dev/dri/card0",
      "/dev/dri/renderD128",
      "/dev/sda",
      "/dev/big",
    ]);
  });
});
