import { expect, test } from "bun:test";
import { compareWithHeaders, type Group, groupsOf } from "./check-constants.ts";

const vxlan = (...constants: [string, number][]): Group => ({
  object: "IFLA_VXLAN",
  headers: ["linux/if_link.h"],
  constants: constants.map(([key, value]) => ({ name: `IFLA_VXLAN_${key}`, value: BigInt(value) })),
});

test("values as in the header pass", async () => {
  expect(await compareWithHeaders([vxlan(["ID", 1], ["GROUP", 2])])).toEqual({ checked: 2, skipped: [], problems: [] });
});

test("a wrong value is a problem, and the others are still checked", async () => {
  const verdict = await compareWithHeaders([vxlan(["ID", 1], ["GROUP", 3])]);
  expect(verdict.problems).toEqual(["IFLA_VXLAN_GROUP is not 3 in linux/if_link.h"]);
});

test("a name the header lacks is skipped, unless it has none of them", async () => {
  const verdict = await compareWithHeaders([vxlan(["ID", 1], ["FROM_THE_FUTURE", 99])]);
  expect(verdict).toEqual({ checked: 1, skipped: ["IFLA_VXLAN_FROM_THE_FUTURE"], problems: [] });
  expect((await compareWithHeaders([vxlan(["WRONG_PREFIX", 1])])).problems).toHaveLength(1);
});

test("a header that is not installed skips its objects", async () => {
  const verdict = await compareWithHeaders([{ ...vxlan(["ID", 1]), headers: ["linux/not-there.h"] }]);
  expect(verdict).toEqual({ checked: 0, skipped: ["IFLA_VXLAN (no header linux/not-there.h)"], problems: [] });
});

test("a file's objects need a header line and numbers", () => {
  const source = [
    "// header: linux/rtnetlink.h",
    "export const RTM = {",
    "} as const;",
    "export const IFA = {",
    "} as const;",
    "// header: none (our own)",
    "export const OURS = {",
    "} as const;",
  ].join("\n");
  expect(groupsOf(source, { RTM: { NEWLINK: 16, BAD: "x" } })).toEqual({
    groups: [{ object: "RTM", headers: ["linux/rtnetlink.h"], constants: [{ name: "RTM_NEWLINK", value: 16n }] }],
    problems: ["RTM.BAD: not a number", 'IFA: no line "// header: linux/….h" right above it'],
  });
});
