import { describe, expect, test } from "bun:test";
import { RT_SCOPE } from "../../src/netlink/rtnl/route.const.ts";
import { containerRoutes, gatewaysOf, hopsOf, onlinkWhereOther, planRouted } from "./routing.ts";

describe("routing over a link with two ends", () => {
  const lease = {
    ips: [
      { address: "10.1.0.5/24", gateway: "10.1.0.1" },
      { address: "fd01::5/64", gateway: "fd01:0::1" },
    ],
  };

  test("the container reaches the gateway on the link, and its own prefix through it", () => {
    const hops = hopsOf(planRouted(lease).ips);
    expect(gatewaysOf(hops)).toEqual(["10.1.0.1/32", "fd01::1/128"]);
    expect(containerRoutes(hops)).toEqual([
      { dst: "10.1.0.1/32", scope: RT_SCOPE.LINK, src: "10.1.0.5" },
      { dst: "fd01::1/128", scope: RT_SCOPE.LINK, src: "fd01::5" },
      { dst: "10.1.0.0/24", gw: "10.1.0.1", src: "10.1.0.5" },
      { dst: "fd01::/64", gw: "fd01::1", src: "fd01::5" },
    ]);
  });

  test("two addresses of one prefix share the ways to it", () => {
    const ips = ["10.1.0.5/24", "10.1.0.6/24"].map((address) => ({ address, gateway: "10.1.0.1" }));
    const hops = hopsOf(ips);
    expect(gatewaysOf(hops)).toEqual(["10.1.0.1/32"]);
    expect(containerRoutes(hops).map(({ dst }) => dst)).toEqual(["10.1.0.1/32", "10.1.0.0/24"]);
    expect(hops.map(({ host }) => host)).toEqual(["10.1.0.5/32", "10.1.0.6/32"]);
  });

  test("an address that is its own prefix has no other way than the gateway", () => {
    const hops = hopsOf([{ address: "10.1.0.5/32", gateway: "169.254.1.1" }]);
    expect(containerRoutes(hops).map(({ dst }) => dst)).toEqual(["169.254.1.1/32"]);
  });

  test("where IPAM names no gateway it is the prefix's first address, if there is room", () => {
    expect(planRouted({ ips: [{ address: "10.1.0.5/24" }] }).ips).toEqual([
      { address: "10.1.0.5/24", gateway: "10.1.0.1", interface: 1 },
    ]);
    for (const address of ["10.1.0.5/32", "10.1.0.5/31", "fd01::5/127", "10.1.0.1/24"])
      expect(() => planRouted({ ips: [{ address }] })).toThrow(expect.objectContaining({ code: 100 }));
  });

  test("a gateway that is none, or of the other family, is refused", () => {
    for (const gateway of ["x", "fd01::1"])
      expect(() => planRouted({ ips: [{ address: "10.1.0.5/24", gateway }] })).toThrow(`gateway "${gateway}"`);
  });

  test("addresses and gateways that nobody can have are refused", () => {
    const rows: [address: string, gateway: string | undefined, says: string][] = [
      ["127.0.0.5/8", "127.0.0.1", "address 127.0.0.5 for 127.0.0.5/8, which is loopback"],
      ["10.1.0.5/24", "0.0.0.0", "gateway 0.0.0.0 for 10.1.0.5/24, which is this host"],
      ["10.1.0.5/24", "255.255.255.255", "which is multicast or reserved"],
      ["224.0.0.5/24", "10.0.0.1", "which is multicast or reserved"],
      ["fd01::5/64", "ff02::1", "which is multicast"],
      ["::1/64", "fd01::1", "which is loopback"],
    ];
    for (const [address, gateway, says] of rows)
      expect(() => planRouted({ ips: [{ address, ...(gateway ? { gateway } : {}) }] })).toThrow(says);
  });

  test("another gateway than the host's end is said to be on the link", () => {
    const hops = hopsOf(lease.ips);
    const routes = [
      { dst: "0.0.0.0/0" },
      { dst: "10.5.0.0/16", gw: "10.1.0.1" },
      { dst: "10.6.0.0/16", gw: "10.1.0.9" },
      { dst: "fd05::/64", gw: "fd01:0:0::1" },
    ];
    expect(onlinkWhereOther(routes, hops).map(({ onlink }) => onlink)).toEqual([undefined, undefined, true, undefined]);
  });
});
