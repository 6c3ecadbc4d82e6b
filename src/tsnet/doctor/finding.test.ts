import { expect, test } from "bun:test";
import { conntrack } from "./faults/limits.ts";
import { arrange, confirmed, type FaultId, type Finding } from "./finding.ts";
import type { Picture } from "./picture.ts";

const finding = (fault: FaultId, scopes: string[], follows: FaultId[] = []): Finding => ({
  fault,
  sentence: fault,
  evidence: [],
  remedy: "",
  scopes,
  follows,
});

test("what follows from a fault of the same attachment stands beneath it, over several steps, and nothing is lost", () => {
  const down = finding("container-end-down", ["a"]);
  const address = finding("address-missing", ["a"], ["container-end-down"]);
  const route = finding("no-default-route", ["a"], ["address-missing"]);
  const elsewhere = finding("no-default-route", ["b"], ["address-missing"]);
  const told = arrange([down, address, route, elsewhere]);
  expect(told.map(({ scopes, consequences }) => [scopes[0], consequences.length])).toEqual([
    ["a", 2],
    ["b", 0],
  ]);
});

test("only what is wrong both times is told, as it is the second time", () => {
  const doubt = (sentence: string) => ({ sentence, evidence: [], scopes: [] });
  const full = (count: number) => ({ ...finding("conntrack-full", ["host"]), sentence: `${count} of 100` });
  const first = {
    findings: [finding("rp-filter", ["a"]), finding("path-mtu", ["a"]), full(100), finding("leaked-link", [])],
    doubts: [doubt("x"), doubt("y")],
  };
  const second = {
    findings: [finding("rp-filter", ["b"]), finding("dad-failed", ["a"]), full(99), finding("leaked-rule", [])],
    doubts: [doubt("y"), doubt("z")],
  };
  expect(confirmed(first, second)).toEqual({ findings: [finding("rp-filter", ["b"]), full(99)], doubts: [doubt("y")] });
});

test("of findings that follow from each other the first stands at the top, and none is lost", () => {
  const ring = [
    finding("path-mtu", ["x"], ["rp-filter"]),
    finding("mtu-too-large", ["x"], ["path-mtu"]),
    finding("rp-filter", ["x"], ["mtu-too-large"]),
  ];
  const told = arrange(ring);
  expect(told).toHaveLength(1);
  expect(told[0]?.consequences).toHaveLength(2);
  expect(arrange([finding("rp-filter", ["x"], ["rp-filter"])])).toHaveLength(1);
});

test("thousands of consequences are arranged in a moment", () => {
  const many = Array.from({ length: 5_000 }, (_, i) => finding("name-server-silent", [`${i}`], ["forwarding-v4"]));
  const cause = finding(
    "forwarding-v4",
    many.flatMap(({ scopes }) => scopes),
  );
  const started = performance.now();
  const told = arrange([cause, ...many]);
  expect(told.map(({ consequences }) => consequences.length)).toEqual([5_000]);
  // It takes a few milliseconds, and took half a minute by comparing all with all.
  expect(performance.now() - started).toBeLessThan(5_000);
});

test("a table of connections is named when it is nearly full, not before, and not where there is none", () => {
  const host = (conntrackTable: unknown): Picture =>
    ({ host: { conntrack: conntrackTable, namespace: { identity: "4:1" } }, attachments: [] }) as never;
  expect(conntrack(host({ count: 1000, max: 1000 })).map(({ fault }) => fault)).toEqual(["conntrack-full"]);
  expect(conntrack(host({ count: 900, max: 1000 }))).toEqual([]);
  expect(conntrack(host(undefined))).toEqual([]);
});
