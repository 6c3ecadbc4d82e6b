import { expect, test } from "bun:test";
import { parseIp } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { PresentEntries, RemoteEntries } from "./entries.ts";
import { entryChanges } from "./entry-changes.ts";

const DEVICE = 7;
const PERMANENT = 0x80;
const MAC = "02:00:00:00:00:02";

/** Requests that say what they were built from. */
const building = (verb: string) => (spec: unknown, dst?: unknown) => ({ op: JSON.stringify([verb, spec, dst]) });
const host = {
  fdb: { replacing: building("replace"), deleting: building("delete") },
  neigh: { replacing: building("replace"), deleting: building("delete") },
  route: { replacing: building("replace"), adding: building("add"), deleting: building("delete") },
} as unknown as Kernel;

const wanted: RemoteEntries = {
  remote: { address: parseIp("192.0.2.2") as never, subnets: [], mac: MAC, mtu: undefined, from: "x" },
  direct: false,
  fdb: { mac: MAC, dst: "192.0.2.2" },
  neigh: [{ dst: "10.2.0.0", mac: MAC }],
  routes: [{ dst: "10.2.0.0/24", gw: "10.2.0.0", oif: DEVICE, onlink: true, protocol: 157 }],
};
const fdb = { link: DEVICE, mac: MAC, dst: "192.0.2.2", state: PERMANENT };
const neigh = { link: DEVICE, dst: "10.2.0.0", mac: MAC, state: PERMANENT };
const route = { dst: "10.2.0.0/24", gw: "10.2.0.0", oif: DEVICE, type: 1, priority: undefined, protocol: 157 };
const present = (more: object = {}): PresentEntries =>
  ({ fdb: [fdb], neigh: [neigh], routes: [route], ...more }) as unknown as PresentEntries;

const texts = (have: PresentEntries, want: readonly RemoteEntries[] = [wanted]): string[] =>
  entryChanges(host, DEVICE, want, have).map(({ text }) => text);

test("nothing to do where all is exact", () => expect(texts(present())).toEqual([]));

test("what is missing comes in the order in which it is needed", () => {
  expect(texts({ fdb: [], neigh: [], routes: [] })).toEqual([
    `+ fdb ${MAC} dst 192.0.2.2`,
    `+ neigh 10.2.0.0 lladdr ${MAC}`,
    "+ route 10.2.0.0/24 via 10.2.0.0",
  ]);
});

test("what is surplus goes in reverse, and after what is added", () => {
  const old = { ...fdb, mac: "02:00:00:00:00:09", dst: "192.0.2.9" };
  const changes = texts(
    present({
      fdb: [old],
      neigh: [neigh, { ...neigh, dst: "10.9.0.0" }],
      routes: [route, { ...route, dst: "10.9.0.0/24", gw: "10.9.0.0" }],
    }),
  );
  expect(changes).toEqual([
    `+ fdb ${MAC} dst 192.0.2.2`,
    "- route 10.9.0.0/24 via 10.9.0.0",
    "- neigh 10.9.0.0",
    "- fdb 02:00:00:00:00:09 dst 192.0.2.9",
  ]);
});

test("each attribute counts", () => {
  const wrong: [object, string][] = [
    [{ fdb: [{ ...fdb, dst: "192.0.2.3" }] }, "~ fdb"],
    [{ fdb: [{ ...fdb, state: 0x02 }] }, "~ fdb"],
    [{ fdb: [{ ...fdb, port: 8472 }] }, "~ fdb"],
    [{ fdb: [{ ...fdb, vni: 9 }] }, "~ fdb"],
    [{ fdb: [{ ...fdb, via: 3 }] }, "~ fdb"],
    [{ neigh: [{ ...neigh, mac: "02:00:00:00:00:09" }] }, "~ neigh"],
    [{ neigh: [{ ...neigh, state: 0x04 }] }, "~ neigh"],
    [{ routes: [{ ...route, gw: "10.2.0.9" }] }, "~ route"],
    [{ routes: [{ ...route, oif: 3 }] }, "~ route"],
    [{ routes: [{ ...route, type: 7 }] }, "~ route"],
    [{ routes: [{ ...route, mtu: 1280 }] }, "~ route"],
  ];
  for (const [more, says] of wrong)
    expect(texts(present(more))).toEqual([expect.stringMatching(new RegExp(`^${says} `))]);
});

test("what the other host takes is the route's MTU", () => {
  const narrow = { ...wanted, routes: wanted.routes.map((spec) => ({ ...spec, mtu: 1400 })) };
  expect(texts(present(), [narrow])).toEqual(["~ route 10.2.0.0/24 via 10.2.0.0 mtu 1400"]);
  expect(texts(present({ routes: [{ ...route, mtu: 1400 }] }), [narrow])).toEqual([]);
});

test("a new route does not replace somebody else's, and a deletion names the entry exactly", () => {
  const op = (have: PresentEntries, want: readonly RemoteEntries[]) =>
    entryChanges(host, DEVICE, want, have).map(({ request }) => request.op);
  expect(op(present({ routes: [] }), [wanted])).toEqual([expect.stringMatching(/^\["add"/)]);
  expect(op(present({ fdb: [{ ...fdb, port: 8472 }], neigh: [], routes: [] }), [])).toEqual([
    JSON.stringify(["delete", { link: DEVICE, mac: MAC, dst: "192.0.2.2", port: 8472 }, null]),
  ]);
});

test("neighbours that the kernel found by itself are left alone", () => {
  expect(texts(present({ neigh: [neigh, { ...neigh, dst: "ff02::1", state: 0x40 }] }))).toEqual([]);
});
