/** `tsbox run` beside Debian's runc: the same but for the lists of runc-differences.ts. */
import { expect } from "bun:test";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { lacks, makeLab } from "../tsbox/lab.ts";
import { lacksController } from "./boxes.ts";
import { differences, LOOK_AROUND, parseViews } from "./look-around.ts";
import { ALWAYS, CONFINED, RUN } from "./runc-differences.ts";
import { makeTwins, type Wanted } from "./twins.ts";

const LOOK = ["sh", "-c", LOOK_AROUND];

const CASES: readonly (readonly [options: readonly string[], wanted: Omit<Wanted, "args">])[] = [
  [[], {}],
  [["--privileged"], { privileged: true }],
  [["-u", "33:33", "--cap-add", "NET_ADMIN"], { user: "33:33", capAdd: ["NET_ADMIN"] }],
  [
    ["--cap-drop", "ALL", "--read-only", "--security-opt", "no-new-privileges"],
    { capDrop: ["ALL"], readOnly: true, noNewPrivileges: true },
  ],
];

testUnless(
  [...lacks, lacksCommand("runc"), lacksController("devices")],
  "tsbox run: rights, mounts, masked paths, devices, filter as under runc",
  async () => {
    await using twins = await makeTwins();
    await using lab = await makeLab();
    for (const [options, wanted] of CASES) {
      const theirs = parseViews(await twins.runc({ args: LOOK, ...wanted }));
      const ours = parseViews(await lab.ok("run", "--rm", "--hostname", "twin", ...options, "box", ...LOOK));
      const explained = [...ALWAYS, ...RUN, ...(wanted.privileged ? [] : CONFINED)];
      const found = differences(theirs, ours);
      expect([options, found.filter((line) => !explained.some(({ lines }) => lines.test(line)))]).toEqual([
        options,
        [],
      ]);
      expect(found.some((line) => RUN[0]?.lines.test(line))).toBe(true);
    }
  },
);
