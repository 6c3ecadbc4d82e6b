import { expect, test } from "bun:test";
import { generateName } from "./generate.ts";
import { isId, newId, parseName, shortId } from "./id.ts";

test("an ID has 64 digits and never repeats", () => {
  const ids = Array.from({ length: 100 }, newId);
  expect(ids.every(isId)).toBe(true);
  expect(new Set(ids).size).toBe(100);
  expect(shortId(ids[0] ?? "")).toHaveLength(12);
});

test("a generated name is a name, and there are always more", () => {
  const names = Array.from({ length: 50 }, (_, attempt) => generateName(attempt));
  for (const name of names) expect(parseName(name)).toBe(name);
  expect(new Set(names.slice(10)).size).toBeGreaterThan(35);
});

for (const text of ["", "-a", ".a", "a b", "a/b", "ä", `a${"b".repeat(128)}`, "a\n"])
  test(`no name: ${JSON.stringify(text).slice(0, 20)}`, () => expect(() => parseName(text)).toThrow());
