import { expect, test } from "bun:test";
import { conntrack } from "./faults/limits.ts";
import { arrange, type FaultId, type Finding } from "./finding.ts";
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

test("a table of connections is named when it is nearly full, not before, and not where there is none", () => {
  const host = (conntrackTable: unknown): Picture =>
    ({ host: { conntrack: conntrackTable }, attachments: [] }) as never;
  expect(conntrack(host({ count: 1000, max: 1000 })).map(({ fault }) => fault)).toEqual(["conntrack-full"]);
  expect(conntrack(host({ count: 900, max: 1000 }))).toEqual([]);
  expect(conntrack(host(undefined))).toEqual([]);
});
