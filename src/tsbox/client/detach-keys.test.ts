import { expect, test } from "bun:test";
import { DEFAULT_DETACH_KEYS, DetachKeys, parseDetachKeys } from "./detach-keys.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const type = (keys: DetachKeys, ...pieces: string[]): [string, boolean][] =>
  pieces.map((piece) => {
    const { pass, detached } = keys.take(new TextEncoder().encode(piece));
    return [text(pass), detached];
  });

test("the keys detach, also typed one by one, and never reach the container", () => {
  expect(type(new DetachKeys(DEFAULT_DETACH_KEYS), "ls\x10\x11")).toEqual([["ls", true]]);
  expect(type(new DetachKeys(DEFAULT_DETACH_KEYS), "ls\x10", "\x11")).toEqual([
    ["ls", false],
    ["", true],
  ]);
});

test("what only begins like them passes, late", () => {
  expect(type(new DetachKeys(DEFAULT_DETACH_KEYS), "\x10", "x")).toEqual([
    ["", false],
    ["\x10x", false],
  ]);
  expect(type(new DetachKeys(DEFAULT_DETACH_KEYS), "\x10\x10\x11")).toEqual([["\x10", true]]);
});

test("other keys, and none", () => {
  expect(parseDetachKeys("ctrl-a,d")).toEqual(Uint8Array.of(1, 100));
  expect(type(new DetachKeys(parseDetachKeys("")), "\x10\x11")).toEqual([["\x10\x11", false]]);
  for (const bad of ["ctrl-", "ctrl-1", "ab", "a,", "é"]) expect(() => parseDetachKeys(bad)).toThrow();
});
