import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { loadWords, PAGE, pageOf, titleOf } from "./tsbox-options.ts";

const words = await loadWords();

test("the page of options is that of the parser: bun scripts/tsbox-options.ts", () => {
  expect(readFileSync(PAGE, "utf8")).toBe(pageOf(words));
});

test("every option names a test that is there", () => {
  const missing = words.flatMap((word) =>
    Object.values(word.options)
      .filter(({ proof }) => !existsSync(proof))
      .map((option) => `${word.name} --${option.long}: ${option.proof}`),
  );
  expect(missing).toEqual([]);
});

test("and that test is about it", () => {
  const untested = words.flatMap((word) =>
    Object.values(word.options)
      .filter((option) => !names(option.proof, titleOf(word, option)))
      .map((option) => `${titleOf(word, option)}: ${option.proof}`),
  );
  expect(untested).toEqual([]);
});

/** Whether a test of the file begins its name so: a quote, the words, and then no further letter of an option. */
function names(file: string, title: string): boolean {
  return existsSync(file) && new RegExp(`["\`]${title}(?![\\w-])`).test(readFileSync(file, "utf8"));
}
