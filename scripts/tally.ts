/** Counting tests: from Bun's JUnit reports and the `SKIP` lines of netns-tests/support/skip.ts to the closing line. */

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** `<test>: <reason>` each. */
  readonly skipped: readonly string[];
}

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: [] };
export const ONE_PASSED: Tally = { passed: 1, failed: 0, skipped: [] };
export const ONE_FAILED: Tally = { passed: 0, failed: 1, skipped: [] };

export const sum = (tallies: readonly Tally[]): Tally =>
  tallies.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: [...total.skipped, ...skipped],
    }),
    NOTHING,
  );

/** `12 passed, 0 failed`, or `12 passed, 0 failed, 3 skipped`. */
export const closingLine = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;

/** A run that found no test has proved nothing. */
export const succeeded = ({ passed, failed }: Tally): boolean => failed === 0 && passed > 0;

/**
 * What one `bun test` did. `report` is its JUnit file, `undefined` when it died before writing one; `output` holds the
 * `SKIP <test>: <reason>` lines. A non-zero exit counts as a failure even when no test in the report failed.
 */
export function tallyOf(report: string | undefined, output: string, exitCode: number): Tally {
  const root = report?.match(/<testsuites [^>]*>/)?.[0];
  if (report === undefined || root === undefined) return ONE_FAILED;
  const count = (key: string): number => Number(new RegExp(` ${key}="(\\d+)"`).exec(root)?.[1]);
  const failed = count("failures");
  return {
    passed: count("tests") - failed - count("skipped"),
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: skippedTests(report, output),
  };
}

/** What a script did that ends with a closing line, with its `SKIP` lines above it. Without one it has failed. */
export function tallyOfText(output: string, exitCode: number): Tally {
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  const match = /^(\d+) passed, (\d+) failed(?:, \d+ skipped)?$/.exec(last);
  if (!match) return ONE_FAILED;
  const failed = Number(match[2]);
  return {
    passed: Number(match[1]),
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: [...output.matchAll(/^SKIP (.+)$/gm)].map((line) => line[1] ?? ""),
  };
}

function skippedTests(report: string, output: string): string[] {
  const reasons = [...output.matchAll(/^SKIP (.+)$/gm)].map((match) => match[1] ?? "");
  const cases = report.matchAll(/<testcase name="([^"]*)"[^>]*>\s*<skipped( message="TODO")?/g);
  return [...cases].map(([, escaped = "", todo]) => {
    const name = unescapeXml(escaped);
    const reason = reasons.find((line) => line.startsWith(`${name}: `));
    return reason ?? `${name}: ${todo ? "to be written" : "no reason given"}`;
  });
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const unescapeXml = (text: string): string =>
  text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code, name) =>
    code ? String.fromCodePoint(Number(code)) : (ENTITIES[name] ?? whole),
  );
