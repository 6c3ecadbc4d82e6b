import { afterAll, beforeAll, expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { type Lab, lacks, makeLab, traces } from "./lab.ts";

/** One lab for a file's tests, and a last test that nothing of them is left on its host. */
export function sharedLab(): {
  readonly lab: Lab;
  test(name: string, body: (lab: Lab) => Promise<void>): void;
  /** To be called after the last test. */
  nothingIsLeft(): void;
} {
  let lab: Lab | undefined;
  const skipped = lacks.some((lack) => lack !== undefined);
  beforeAll(async () => {
    if (!skipped) lab = await makeLab();
  });
  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]();
  });
  const there = (): Lab => {
    if (lab === undefined) throw new Error("there is no lab");
    return lab;
  };
  const test = (name: string, body: (lab: Lab) => Promise<void>): void => testUnless(lacks, name, () => body(there()));
  return {
    get lab() {
      return there();
    },
    test,
    nothingIsLeft: () =>
      test("nothing of all this is left", async (here) => {
        // One with --rm may go by itself meanwhile.
        const there = (await here.ok("ps", "-aq")).split("\n").filter(Boolean);
        if (there.length > 0) await here.tsbox(["rm", "-f", ...there]);
        expect(await traces(here)).toEqual([]);
      }),
  };
}
