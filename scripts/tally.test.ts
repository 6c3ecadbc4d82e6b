import { expect, test } from "bun:test";
import { closingLine, NOTHING, ONE_FAILED, succeeded, sum, tallyOf, tallyOfText } from "./tally.ts";

const report = (cases: string, counts: string): string =>
  `<?xml version="1.0"?>\n<testsuites name="bun test" ${counts} time="0.1">\n<testsuite>${cases}</testsuite></testsuites>`;

test("counts come from the report, reasons from the output", () => {
  const tally = tallyOf(
    report(
      '<testcase name="a &amp; b" line="2"> <skipped /></testcase><testcase name="c" /><testcase name="d"> <skipped />',
      'tests="4" assertions="1" failures="1" skipped="2"',
    ),
    "noise\nSKIP a & b: needs root\n",
    1,
  );
  expect(tally).toEqual({ passed: 1, failed: 1, skipped: ["a & b: needs root", "d: no reason given"] });
  expect(closingLine(tally)).toBe("1 passed, 1 failed, 2 skipped");
});

test("a run without a report, or with a bad exit, has failed", () => {
  expect(tallyOf(undefined, "", 0)).toEqual(ONE_FAILED);
  expect(tallyOf("", "", 0)).toEqual(ONE_FAILED);
  const tally = tallyOf(report('<testcase name="c" />', 'tests="1" failures="0" skipped="0"'), "", 139);
  expect(tally).toEqual({ passed: 1, failed: 1, skipped: [] });
});

test("no test at all is no success", () => {
  expect(succeeded(NOTHING)).toBe(false);
  expect(succeeded({ passed: 0, failed: 0, skipped: ["a: b"] })).toBe(false);
  expect(succeeded(sum([{ passed: 2, failed: 0, skipped: [] }, NOTHING]))).toBe(true);
  expect(succeeded(sum([{ passed: 2, failed: 0, skipped: [] }, ONE_FAILED]))).toBe(false);
  expect(closingLine({ passed: 2, failed: 0, skipped: [] })).toBe("2 passed, 0 failed");
});

test("a script's closing line is read back, and its absence is a failure", () => {
  const tally = { passed: 3, failed: 0, skipped: ["a: needs b"] };
  expect(tallyOfText(`SKIP a: needs b\n${closingLine(tally)}\n`, 0)).toEqual(tally);
  expect(tallyOfText("3 passed, 0 failed\nSegmentation fault\n", 0)).toEqual(ONE_FAILED);
  expect(tallyOfText("3 passed, 0 failed\n", 1)).toEqual({ passed: 3, failed: 1, skipped: [] });
});
