import { describe, expect, test } from "bun:test";
import type { CniResult } from "../cni/types.ts";
import { firstGateway, planLayer3 } from "./layer3.ts";

const OPTIONS = { interfaceIndex: 2, isGateway: false, isDefaultGateway: false };
const BOTH: CniResult = {
  ips: [{ address: "10.1.0.5/24", gateway: "10.1.0.1" }, { address: "fd00::5/64" }],
  routes: [{ dst: "192.0.2.0/24" }],
};

test("addresses belong to the container's interface, and routes are IPAM's", () => {
  expect(planLayer3(BOTH, OPTIONS)).toEqual({
    ips: [
      { address: "10.1.0.5/24", gateway: "10.1.0.1", interface: 2 },
      { address: "fd00::5/64", interface: 2 },
    ],
    routes: [{ dst: "192.0.2.0/24" }],
  });
});

test("a gateway that IPAM does not name is the network's first address", () => {
  const { ips } = planLayer3(BOTH, { ...OPTIONS, isGateway: true });
  expect(ips.map(({ gateway }) => gateway)).toEqual(["10.1.0.1", "fd00::1"]);
  expect(firstGateway(ips, 6)).toBe("fd00::1");
});

describe("isDefaultGateway", () => {
  const plan = (result: CniResult) =>
    planLayer3(result, { ...OPTIONS, isGateway: true, isDefaultGateway: true }).routes.slice(1);

  test("adds a default route for each family", () => {
    expect(plan(BOTH)).toEqual([
      { dst: "0.0.0.0/0", gw: "10.1.0.1" },
      { dst: "::/0", gw: "fd00::1" },
    ]);
  });

  test("but none beside one of IPAM's that has a gateway", () => {
    const own = { dst: "0.0.0.0/0", gw: "10.1.0.254" };
    expect(plan({ ...BOTH, routes: [{ dst: "192.0.2.0/24" }, own] })).toEqual([own, { dst: "::/0", gw: "fd00::1" }]);
    expect(plan({ ...BOTH, routes: [{ dst: "192.0.2.0/24" }, { dst: "0.0.0.0/0" }] })).toContainEqual({
      dst: "0.0.0.0/0",
      gw: "10.1.0.1",
    });
  });
});

test("no address is an error, and so is one that is none", () => {
  expect(() => planLayer3({}, OPTIONS)).toThrow("returned no address");
  expect(() => planLayer3({ ips: [{ address: "10.1.0.5" }] }, { ...OPTIONS, isGateway: true })).toThrow(
    'returned "10.1.0.5", which is no address with prefix length',
  );
});
