import { expect, test } from "bun:test";
import fc from "fast-check";
import { readRoute } from "../../kernel/route-answer.ts";
import { RTM_F } from "../../netlink/rtnl/route.const.ts";
import { newRoute } from "../../netlink/rtnl/route.ts";
import { routeRow } from "../list/topics.ts";
import { linkNames } from "./names.ts";
import { routeForm } from "./route.ts";
import { RouteTexts } from "./route-bytes.ts";

const nameOf = linkNames([
  { index: 3, name: 'eth"0', up: true },
  { index: 4, name: "\u009b", up: true },
]);

/** Few values, so that many a route is like the one before but for its destination. */
const v4 = fc.constantFrom("10.0.0.1", "10.0.0.2", "172.16.255.0", "0.0.0.0");
const v6 = fc.constantFrom("fd00::1", "2001:db8:1::", "::ffff:1.2.3.4", "::");
const times = (expires: number) => ({ clntref: 1, lastuse: 7, expires, error: 0, used: 0, id: 0, ts: 0, tsage: 0 });
const route = fc.constantFrom(2, 10).chain((family) => {
  const address = family === 2 ? v4 : v6;
  const full = family === 2 ? 32 : 128;
  return fc.record({
    header: fc.record({
      family: fc.constant(family),
      dstLength: fc.constantFrom(full, full, 24, 0),
      tos: fc.constantFrom(0, 0, 0, 8),
      table: fc.constantFrom(254, 254, 255),
      protocol: fc.constantFrom(2, 2, 3, 200),
      scope: fc.constantFrom(0, 253, 7),
      type: fc.constantFrom(1, 1, 1, 6),
      flags: fc.constantFrom(0, 0, 0, 4, RTM_F.CLONED),
    }),
    attrs: fc.record(
      {
        table: fc.constantFrom(254, 77),
        dst: address,
        oif: fc.constantFrom(3, 3, 4, 9, 0),
        gateway: address,
        priority: fc.constantFrom(0, 1024),
        prefsrc: address,
        pref: fc.constantFrom(0, 1, 9),
        cacheInfo: fc.constantFrom(0, 0, 0, 700).map(times),
        mark: fc.constant(5),
        metrics: fc.constant({ mtu: 1400 }),
      },
      { requiredKeys: [] },
    ),
  });
});

/** Some routes, each several times with other destinations: of the same length, as in long lists. */
const routes = fc.array(fc.tuple(route, fc.array(fc.tuple(v4, v6), { maxLength: 3 })), { maxLength: 8 }).map((all) =>
  all.flatMap(([one, more]) => [
    one,
    ...more.map(([dst4, dst6]) => ({
      ...one,
      attrs: { ...one.attrs, ...(one.attrs.dst ? { dst: one.header.family === 2 ? dst4 : dst6 } : {}) },
    })),
  ]),
);

const joined = (messages: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(messages.flatMap((bytes) => [...bytes, ...new Uint8Array(-bytes.length & 3)]));

test("routes straight from their bytes are those of the form, in the same order", () => {
  fc.assert(
    fc.property(routes, fc.boolean(), (all, tables) => {
      const messages = all.map((one, i) => newRoute.encode(one, 2, i));
      const text = new RouteTexts(joined(messages), nameOf, tables).members();
      const forms = messages
        .map(readRoute)
        .filter(({ flags }) => (flags & RTM_F.CLONED) === 0)
        .map((each) => routeForm(each, nameOf, tables));
      expect(JSON.parse(`[${text}]`)).toEqual(JSON.parse(JSON.stringify(forms)));
      expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    }),
    { numRuns: 500 },
  );
});

test("and as rows those of the table", () => {
  fc.assert(
    fc.property(routes, (all) => {
      const messages = all.map((one, i) => newRoute.encode(one, 2, i));
      const rowOf = (each: ReturnType<typeof readRoute>) => routeRow(each, nameOf);
      const rows = new RouteTexts(joined(messages), nameOf, true).rows(rowOf);
      const expected = messages.map(readRoute).filter(({ flags }) => (flags & RTM_F.CLONED) === 0);
      expect(rows?.map(({ first, rest }) => [first, ...rest])).toEqual(expected.map(rowOf));
    }),
    { numRuns: 500 },
  );
});

test("a list that ends in an error, was interrupted or is cut gives none", () => {
  const message = newRoute.encode({ header: { family: 2, dstLength: 32 }, attrs: { dst: "10.0.0.1" } }, 2, 1);
  const members = (bytes: Uint8Array) => new RouteTexts(bytes, nameOf, false).members();
  expect(members(message)).toContain("10.0.0.1");
  const refused = new Uint8Array(20);
  refused.set([20, 0, 0, 0, 3, 0], 0);
  refused.set([0xfe, 0xff, 0xff, 0xff], 16);
  expect(members(joined([message, refused]))).toBeUndefined();
  expect(members(message.subarray(0, message.length - 4))).toBeUndefined();
  expect(members(newRoute.encode({ header: { family: 2 } }, 0x10, 1))).toBeUndefined();
  const garbled = message.slice();
  garbled[28] = 60;
  expect(members(garbled)).toBeUndefined();
});
