import { describe, expect, test } from "bun:test";
import { convertResult, readResult, versionOfResult } from "./convert.ts";
import { encodeJson } from "./json.ts";
import golden from "./result.golden.json";
import { resultForm } from "./result-form.ts";
import { formatResult } from "./result-format.ts";
import { parseResult } from "./result-parse.ts";
import { CNI_VERSIONS, type CniVersion, type JsonObject } from "./types.ts";

/** The reference library prints a failed conversion as this. */
const REFUSED = "ERR2 ";

const sourcesOf = (form: string): CniVersion[] => CNI_VERSIONS.filter((version) => resultForm(version) === form);

describe("the 7×7 conversions, byte for byte as the reference library", () => {
  for (const { from, note, result, to } of golden.cases) {
    for (const source of sourcesOf(from)) {
      for (const target of CNI_VERSIONS) {
        test(`${source} → ${target}: ${note}`, () => {
          const wanted = to[target];
          const document: JsonObject = JSON.parse(JSON.stringify({ ...result, cniVersion: source }));
          const convert = (): string => formatResult(parseResult(document, source), target);
          if (wanted.startsWith(REFUSED)) expect(convert).toThrow(wanted.slice(REFUSED.length));
          else expect(convert()).toBe(wanted);
        });
      }
    }
  }
});

describe("a result's version", () => {
  test("missing or empty is that of the config", () => {
    expect(versionOfResult({}, "1.0.0")).toBe("1.0.0");
    expect(versionOfResult({ cniVersion: "" }, "0.4.0")).toBe("0.4.0");
    expect(versionOfResult({ CNIVersion: "0.3.1" }, "0.4.0")).toBe("0.3.1");
  });
  test("standing alone it is 0.1.0", () => {
    expect(versionOfResult({})).toBe("0.1.0");
  });
  test("unknown ones have no converter", () => {
    expect(() => convertResult({ cniVersion: "0.4.0" }, "9.9.9")).toThrow(
      "no converter for CNI result version 0.4.0 to 9.9.9",
    );
    expect(() => convertResult({ cniVersion: "2.0.0" }, "1.0.0")).toThrow("no converter for CNI result version 2.0.0");
  });
  test("of another form is refused as prevResult of this version", () => {
    const message = 'key "prevResult.cniVersion": a result of version "0.4.0" cannot be read as 1.0.0';
    expect(() => parseResult({ cniVersion: "0.4.0" }, "1.0.0", "prevResult")).toThrow(message);
  });
  test("of the same form passes", () => {
    expect(parseResult({ cniVersion: "1.1.0", interfaces: [{ name: "a", mtu: 5 }] }, "1.0.0").interfaces).toEqual([
      { name: "a", mtu: 5 },
    ]);
  });
});

describe("reading", () => {
  const refused: [string, JsonObject, string][] = [
    ["a list instead of an object", { ips: [[]] }, 'key "result.ips[0]": need an object, have a list'],
    ["an address without length", { ips: [{ address: "10.0.0.1" }] }, 'key "result.ips[0].address": need an address'],
    ["no address", { ips: [{}] }, 'key "result.ips[0].address"'],
    ["a prefix that is too long", { routes: [{ dst: "10.0.0.0/33" }] }, "prefix length is 0..32"],
    [
      "a gateway that is none",
      { ips: [{ address: "10.0.0.1/8", gateway: "x" }] },
      '.gateway": need an IP address, have "x"',
    ],
    ["a number as name", { interfaces: [{ name: 5 }] }, 'key "result.interfaces[0].name": need a string, have 5'],
    [
      "half a table",
      { routes: [{ dst: "::/0", table: 1.5 }] },
      'key "result.routes[0].table": need an integer from 0 to 4294967295, have 1.5',
    ],
    ...["mtu", "advmss", "priority", "table"].flatMap((key): [string, JsonObject, string][] =>
      [-1, 2 ** 32].map((value) => [
        `a route's ${key} of ${value}`,
        { routes: [{ dst: "::/0", [key]: value }] },
        `key "result.routes[0].${key}": need an integer from 0 to 4294967295, have ${value}`,
      ]),
    ),
    [
      "a scope the kernel has no room for",
      { routes: [{ dst: "::/0", scope: 256 }] },
      'key "result.routes[0].scope": need an integer from 0 to 255, have 256',
    ],
    ["text as DNS", { dns: "10.0.0.1" }, 'key "result.dns": need an object, have "10.0.0.1"'],
  ];
  for (const [name, document, message] of refused)
    test(`${name} is refused`, () => expect(() => readResult(document, "1.1.0")).toThrow(message));
  test("keys match in any case, null and unknown ones are not set", () => {
    expect(readResult({ IPs: [{ Address: "FD00:0::5/64", GATEWAY: null, x: 1 }], dns: null }, "1.0.0")).toEqual({
      interfaces: [],
      ips: [{ address: "fd00::5/64" }],
      routes: [],
    });
  });
});

test("encodeJson sorts by bytes and escapes as the reference", () => {
  const value = { b: 1, a: undefined, "10": [], "9": {}, "\u{1f600}": "\ud800", "\uff00": "<&>\u2028\u2029\u007f\b" };
  expect(encodeJson(value, { sorted: true })).toBe(
    '{"10":[],"9":{},"b":1,"\uff00":"\\u003c\\u0026\\u003e\\u2028\\u2029\u007f\\b","\u{1f600}":"\ufffd"}',
  );
});
