import { describe, expect, test } from "bun:test";
import { CniError } from "../../src/cni/errors.ts";
import { alternatives, type Condition } from "../../src/plugin/nat/condition.ts";
import { parseConditions } from "./conditions.ts";

const parse = (words: string | string[], family: 4 | 6 = 4): Condition[] =>
  parseConditions("conditionsV4", Array.isArray(words) ? words : words.split(" "), family);
/** The rules that come out, by their names. */
const names = (words: string, family: 4 | 6 = 4): string[] =>
  alternatives(family, parse(words, family)).map((rule) => rule.comment);

describe("both syntaxes say the same", () => {
  const rows: [iptables: string, nft: string, rules: string[]][] = [
    ["-s 10.0.0.0/8", "ip saddr 10.0.0.0/8", ["saddr 10.0.0.0/8"]],
    ["--source 10.1.2.3", "ip saddr == 10.1.2.3", ["saddr 10.1.2.3/32"]],
    ["-s 10.1.2.3/8", "ip saddr 10.1.2.3/8", ["saddr 10.0.0.0/8"]],
    ["! -d 10.0.0.0/8", "ip daddr != 10.0.0.0/8", ["daddr != 10.0.0.0/8"]],
    ["-s 10.0.0.1,10.0.0.2", "ip saddr {10.0.0.1, 10.0.0.2}", ["saddr 10.0.0.1/32", "saddr 10.0.0.2/32"]],
    ["! -s 10.0.0.1,10.0.0.2", "ip saddr != { 10.0.0.1,10.0.0.2 }", ["saddr != 10.0.0.1/32 saddr != 10.0.0.2/32"]],
    ["-i eth0", "iifname eth0", ["iif eth0"]],
    ["-i eth+", 'iifname "eth*"', ["iif eth*"]],
    ["! --out-interface lo", 'meta oifname != "lo"', ["oif != lo"]],
    ["--sport 1:9", "th sport 1-9", ["sport 1-9"]],
    ["! --dport 53", "th dport != 53", ["dport != 53"]],
    [
      "-i eth0 -s 10.0.0.0/8 ! --dport 53",
      "iif eth0 ip saddr 10.0.0.0/8 th dport != 53",
      ["iif eth0 saddr 10.0.0.0/8 dport != 53"],
    ],
  ];
  test.each(rows)("%s", (iptables, nft, rules) => {
    expect(names(iptables)).toEqual(rules);
    expect(names(nft)).toEqual(rules);
    expect(parse(nft)).toEqual(parse(iptables));
  });
});

test("words that only one of them has", () => {
  expect(names("-p tcp -m tcp --dport 80")).toEqual(["protocol tcp dport 80"]);
  expect(names("-m multiport --dports 80,443")).toEqual(["dport 80", "dport 443"]);
  expect(names("--sport :1023")).toEqual(["sport 0-1023"]);
  expect(names("tcp dport {80,8000-8010}")).toEqual(["tcp dport 80", "tcp dport 8000-8010"]);
  expect(names("ip6 saddr fd00::/8", 6)).toEqual(["saddr fd00::/8"]);
  expect(names("-s fd00::1", 6)).toEqual(["saddr fd00::1/128"]);
});

test("one token for each word, or all words in one", () => {
  expect(parse(["ip saddr { 10.0.0.1, 10.0.0.2 }", "iifname eth0"])).toEqual(
    parse("ip saddr { 10.0.0.1 , 10.0.0.2 } iifname eth0"),
  );
  expect(parse([])).toEqual([]);
  expect(parse([" "])).toEqual([]);
});

test("lists multiply, and end somewhere", () => {
  expect(names("ip saddr {10.0.0.1,10.0.0.2} iifname {a,b}")).toEqual([
    "saddr 10.0.0.1/32 iif a",
    "saddr 10.0.0.1/32 iif b",
    "saddr 10.0.0.2/32 iif a",
    "saddr 10.0.0.2/32 iif b",
  ]);
  const many = Array.from({ length: 61 }, (_, i) => `10.0.0.${i}`).join(",");
  expect(() => parse(`-s ${many}`)).toThrow("more than 60 rules");
});

test.each([
  ["-m conntrack --ctstate NEW", '"conntrack"'],
  ["! -m tcp", '"tcp"'],
  ["-j ACCEPT", '"-j"'],
  ["-s", '"-s"'],
  ["-s 10.0.0.0/33", '"10.0.0.0/33"'],
  ["-s fd00::/8", "not of family IPv4"],
  ["-s example.org", '"example.org"'],
  ["-i a-name-that-is-too-long", "too-long"],
  ["--dport 65536", '"65536"'],
  ["--dport 9:1", '"9:1"'],
  ["-p icmp", '"icmp"'],
  ["ip protocol tcp", '"protocol"'],
  ["ip saddr {}", '"{}"'],
  ["ct state new", '"ct"'],
  ["tcp flags syn", '"flags"'],
  ["meta mark 1", '"mark"'],
  ["constructor x", '"constructor"'],
  ["-s 10.0.0.1 toString", '"toString"'],
])("%s is refused", (words, part) => {
  try {
    parse(words);
    throw new Error("not refused");
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    expect(error.code).toBe(7);
    expect(error.message).toContain('key "conditionsV4"');
    expect(error.message).toContain(part);
  }
});
