import { expect, test } from "bun:test";
import { closest } from "./suggest.ts";

const names = ["blue", "web", "container-one", "x"];
for (const [text, found] of [
  ["bleu", "blue"],
  ["bule", "blue"],
  ["wbe", "web"],
  ["contaner-on", "container-one"],
  ["y", "x"],
  ["completely-else", undefined],
  ["", "x"],
] as const)
  test(`"${text}" is near ${found ?? "nothing"}`, () => expect(closest(text, names)).toBe(found));
