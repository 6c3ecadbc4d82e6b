import { describe, expect, test } from "bun:test";
import { formatIp, type Ip, parseIp } from "../../ip/index.ts";
import type { Addr } from "../../kernel/addr.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Link } from "../../kernel/link.ts";
import type { Route } from "../../kernel/route.ts";
import { findUnderlay } from "./underlay.ts";

const LINKS = { eth0: 2, eth1: 3 } as const;

function addr(link: keyof typeof LINKS, address: string, more: Partial<Addr> = {}): Addr {
  const family = address.includes(":") ? 6 : 4;
  return { link: LINKS[link], family, address, scope: 0, flags: 0, ...more } as Addr;
}

const route = (dst: string, more: Partial<Route>): Route =>
  ({ dst, family: dst.includes(":") ? 6 : 4, oif: undefined, nexthops: undefined, ...more }) as Route;

/** A host that only answers. */
function hostWith(addresses: readonly Addr[], routes: readonly Route[] = []): Kernel {
  const links = Object.entries(LINKS).map(([name, index]) => ({ name, index, mtu: 1500 }) as Link);
  return {
    link: { get: async (target: number | string) => links.find((l) => l.index === target || l.name === target) },
    addr: { list: async (link?: number) => addresses.filter((a) => link === undefined || a.link === link) },
    route: { list: async ({ family }: { family: number }) => routes.filter((r) => r.family === family) },
  } as unknown as Kernel;
}

const ip = (text: string): Ip => parseIp(text) as Ip;
const found = async (...args: Parameters<typeof findUnderlay>): Promise<string> => {
  const { link, local } = await findUnderlay(...args);
  return `${link.name} ${formatIp(local)}`;
};
const NONE = { dev: undefined, local: undefined };
const BOTH = [addr("eth0", "192.0.2.1"), addr("eth0", "2001:db8::1"), addr("eth1", "198.51.100.1")];

describe("the underlay", () => {
  test("by dev: its first address, of the peers' family", async () => {
    expect(await found(hostWith(BOTH), { ...NONE, dev: "eth0" }, undefined)).toBe("eth0 192.0.2.1");
    expect(await found(hostWith(BOTH), { ...NONE, dev: "eth0" }, 6)).toBe("eth0 2001:db8::1");
  });
  test("by local: the link that has it", async () => {
    expect(await found(hostWith(BOTH), { ...NONE, local: ip("198.51.100.1") }, undefined)).toBe("eth1 198.51.100.1");
  });
  test("by the default route: the best, its source, and of several ways the first", async () => {
    const worse = route("0.0.0.0/0", { oif: 2, priority: 100 });
    const better = route("0.0.0.0/0", { oif: 3, priority: 50 });
    expect(await found(hostWith(BOTH, [worse, better]), NONE, undefined)).toBe("eth1 198.51.100.1");
    const two = [...BOTH, addr("eth1", "198.51.100.9")];
    const sourced = route("0.0.0.0/0", { oif: 3, src: "198.51.100.9" });
    expect(await found(hostWith(two, [sourced]), NONE, 4)).toBe("eth1 198.51.100.9");
    const hops = [{ gw: "192.0.2.254", oif: 2, weight: 1 }];
    expect(await found(hostWith(BOTH, [route("0.0.0.0/0", { nexthops: hops })]), NONE, 4)).toBe("eth0 192.0.2.1");
    expect(await found(hostWith(BOTH, [worse, route("::/0", { oif: 2 })]), NONE, 6)).toBe("eth0 2001:db8::1");
  });
  test("not an address of a link alone, nor one that comes and goes", async () => {
    const addresses = [
      addr("eth0", "fe80::1", { scope: 253 }),
      addr("eth0", "2001:db8::a", { flags: 1 }),
      addr("eth0", "2001:db8::b", { deprecated: true }),
      addr("eth0", "2001:db8::c"),
    ];
    expect(await found(hostWith(addresses), { ...NONE, dev: "eth0" }, 6)).toBe("eth0 2001:db8::c");
  });
  const lost: [string, Parameters<typeof findUnderlay>[1], 4 | 6 | undefined, string][] = [
    ["no such link", { ...NONE, dev: "eth9" }, undefined, 'there is no link "eth9"'],
    [
      "an address of another link",
      { dev: "eth1", local: ip("192.0.2.1") },
      undefined,
      "does not have the address 192.0.2.1",
    ],
    [
      "an address of nobody",
      { ...NONE, local: ip("192.0.2.9") },
      undefined,
      "no link of this host has the address 192.0.2.9",
    ],
    ["no address of the family", { ...NONE, dev: "eth1" }, 6, 'link "eth1" has no global IPv6 address'],
    ["no default route", NONE, undefined, "no IPv4 or IPv6 default route"],
    ["no default route of the family", NONE, 6, "no IPv6 default route"],
  ];
  for (const [name, conf, family, says] of lost)
    test(`${name} is code 7`, async () => {
      const error = await findUnderlay(hostWith(BOTH), conf, family).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 7 });
      expect((error as Error).message).toContain(says);
    });
});
