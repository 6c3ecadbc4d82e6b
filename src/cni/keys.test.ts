import { describe, expect, test } from "bun:test";
import { CniError } from "./errors.ts";
import { decodeJson, decodeJsonObject } from "./json.ts";
import { type Fields, fields, hasKey, lookup } from "./keys.ts";
import type { JsonObject } from "./types.ts";

const parse = (text: string): JsonObject => decodeJsonObject(text, "the test");

describe("lookup", () => {
  const rows: [string, string, unknown][] = [
    ['{"mtu":1}', "mtu", 1],
    ['{"MTU":1}', "mtu", 1],
    ['{"mtu":1,"MTU":2}', "mtu", 2],
    ['{"MTU":2,"mtu":1}', "mtu", 1],
    ['{"mtu":1,"MTU":null}', "mtu", 1],
    ['{"mtu":null}', "mtu", undefined],
    ['{"mtux":1}', "mtu", undefined],
    ['{"__proto__":{"mtu":1}}', "mtu", undefined],
    ['{"isgateway":true}', "isGateway", true],
  ];
  for (const [text, key, wanted] of rows)
    test(`${key} in ${text}`, () => expect(lookup(parse(text), key)).toEqual(wanted as never));
  test("hasKey sees null", () => {
    expect(hasKey(parse('{"List":null}'), "list")).toBe(true);
    expect(hasKey(parse("{}"), "list")).toBe(false);
  });
});

describe("typed getters", () => {
  const conf = parse(
    '{"s":"x","b":true,"i":5,"o":{"i":"x","l":[{"g":5}]},"l":["a",1],"r":[[{"x":1}],5],"long":"' +
      "y".repeat(200) +
      '"}',
  );
  const refused: [string, (f: Fields) => unknown, string][] = [
    ["string", (f) => f.string("i"), 'key "i": need a string, have 5'],
    ["bool", (f) => f.bool("s"), 'key "s": need true or false, have "x"'],
    ["int", (f) => f.int("s"), 'key "s": need an integer, have "x"'],
    ["int out of range", (f) => f.int("i", { min: 1, max: 4 }), 'key "i": need an integer from 1 to 4, have 5'],
    ["int too small", (f) => f.int("i", { min: 6 }), 'key "i": need an integer of at least 6, have 5'],
    ["object", (f) => f.object("l"), 'key "l": need an object, have a list'],
    ["nested", (f) => f.object("o")?.int("i"), 'key "o.i": need an integer, have "x"'],
    ["in a list", (f) => f.object("o")?.objects("l")?.[0]?.string("g"), 'key "o.l[0].g": need a string, have 5'],
    ["strings", (f) => f.strings("l"), 'key "l[1]": need a string, have 1'],
    ["lists of objects", (f) => f.objectLists("r"), 'key "r[1]": need a list, have 5'],
    ["long values are cut", (f) => f.int("long"), `key "long": need an integer, have "${"y".repeat(78)}…`],
  ];
  for (const [name, read, message] of refused) {
    test(`${name} refuses`, () => {
      let thrown: unknown;
      try {
        read(fields(conf));
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(CniError);
      expect(thrown).toMatchObject({ code: 7, message });
    });
  }
  test("take what fits", () => {
    const f = fields(conf);
    expect([f.string("S"), f.bool("B"), f.int("i", { max: 5 }), f.object("O")?.path]).toEqual([
      "x",
      true,
      5,
      "o".toUpperCase(),
    ]);
    expect(f.object("none")).toBeUndefined();
  });
  test("lenient reading skips what is wrong", () => {
    const f = fields(conf, "", true);
    expect([f.int("s"), f.strings("l"), f.object("l"), f.objectLists("r")?.length]).toEqual([
      undefined,
      ["a"],
      undefined,
      1,
    ]);
  });
});

describe("decoding", () => {
  const refused: [string, string][] = [
    ["", "it is empty"],
    [" \n", "it is empty"],
    ["{", "not JSON"],
    ["{} x", "not JSON"],
    ["\ufeff{}", "not JSON"],
    ["[]", "need an object, have a list"],
    ['"x"', 'need an object, have "x"'],
    [`${"[".repeat(200_000)}`, "nested deeper than 10000"],
    [`${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`, "nested deeper than 10000"],
  ];
  for (const [text, message] of refused)
    test(`${text.slice(0, 20)} is refused`, () => expect(() => parse(text)).toThrow(message));
  test("null is an empty object", () => expect(parse("null")).toEqual({}));
  test("brackets inside strings do not nest", () => {
    const text = JSON.stringify(`\\"${"[".repeat(20_000)}`);
    expect(decodeJson(text, "the test")).toBe(JSON.parse(text));
  });
  test("a string ends at a quote before which stand no backslashes, or an even number", () => {
    const list = ['["[', "\\", "\\\\[", '"[', '\\"', "}"].map((piece) => piece.repeat(20_000));
    const text = JSON.stringify(list);
    expect(decodeJson(text, "the test")).toEqual(list);
    expect(() => decodeJson(`${text.slice(0, -1)},${"[".repeat(20_000)}`, "the test")).toThrow("nested deeper");
    expect(() => decodeJson(`"${"\\".repeat(20_001)}`, "the test")).toThrow("not JSON");
  });
});
