import { expect } from "bun:test";
import type { CniInterface } from "../../src/cni/types.ts";
import { connect } from "../support/netns.ts";
import type { Place } from "../support/place.ts";
import { ping, reaches, serveAll, tcpEcho, udpEcho } from "../support/traffic.ts";
import type { Attached, Network } from "./network.ts";

/** What `ip -j -d link show` says, as far as tests look at it. */
export interface SeenLink {
  readonly ifname: string;
  readonly address: string;
  readonly mtu: number;
  readonly master?: string;
  readonly ifalias?: string;
  readonly flags: readonly string[];
  readonly promiscuity?: number;
  readonly linkinfo?: {
    info_kind?: string;
    info_data?: Record<string, unknown>;
    info_slave_data?: Record<string, unknown>;
  };
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
}

export async function linksOf(place: Place): Promise<SeenLink[]> {
  const links = JSON.parse(await place.exec("ip", "-j", "-d", "addr", "show")) as Partial<SeenLink>[];
  return links.filter((link): link is SeenLink => link.ifname !== undefined);
}

export async function linkOf(place: Place, name: string): Promise<SeenLink> {
  const link = (await linksOf(place)).find(({ ifname }) => ifname === name);
  if (link === undefined) throw new Error(`${place.name} has no link ${name}`);
  return link;
}

/** Addresses that are not the kernel's own. */
export const addressesOn = (link: SeenLink): string[] =>
  link.addr_info.filter(({ scope }) => scope === "global").map(({ local, prefixlen }) => `${local}/${prefixlen}`);

const interfacesOf = ({ result }: Attached): readonly CniInterface[] => result.interfaces ?? [];

/** Name of the host's end of a veth pair, as the result has it. */
export function hostEnd(attached: Attached): string {
  const found = interfacesOf(attached).find((i) => i.sandbox === undefined && i.name.startsWith("veth"));
  if (found === undefined) throw new Error(`no host end in ${JSON.stringify(attached.result)}`);
  return found.name;
}

export const ifNameOf = ({ at }: Attached): string => at.ifName ?? "eth0";

export const containerLink = (attached: Attached): Promise<SeenLink> => linkOf(attached.sandbox, ifNameOf(attached));

/** The addresses of the result, and no others, stand on the interface; so do its hardware address and routes. */
export async function expectConfigured(attached: Attached): Promise<void> {
  const link = await containerLink(attached);
  expect(link.flags).toContain("UP");
  const plain = addressesOn(link).map((cidr) => cidr.replace(/\/.*/, ""));
  expect(plain.sort()).toEqual([...attached.addresses].sort());
  const listed = interfacesOf(attached).find((i) => i.sandbox === attached.at.netns);
  if (listed !== undefined) expect(listed).toMatchObject({ name: link.ifname, mac: link.address });
}

/** TCP from each to the other over every address, each seen under its own: nothing is translated on the way. */
export async function expectTalk(one: Attached, two: Attached): Promise<void> {
  await using _one = await serveAll(one.sandbox, 7000);
  await using _two = await serveAll(two.sandbox, 7000);
  for (const [from, to] of [
    [one, two],
    [two, one],
  ] as const)
    for (const [i, address] of to.addresses.entries())
      expect(await tcpEcho(from.sandbox, address, 7000)).toMatchObject({ address: from.addresses[i] ?? "" });
}

export async function expectNoTalk(one: Attached, two: Attached): Promise<void> {
  await using _two = await serveAll(two.sandbox, 7000);
  for (const address of two.addresses) expect(await reaches(one.sandbox, "tcp", address, 7000)).toBe(false);
}

/** Layer 2: addresses of the test's own on both. */
export async function talkOnLayer2(one: Attached, two: Attached): Promise<void> {
  const cidrs = ["10.99.0.1/24", "10.99.0.2/24"] as const;
  const given: Attached[] = [];
  for (const [i, each] of [one, two].entries()) {
    const cidr = cidrs[i] ?? "";
    expect(each.addresses).toEqual([]);
    await each.sandbox.exec("ip", "addr", "add", cidr, "dev", "eth0");
    given.push({ ...each, addresses: [cidr.replace("/24", "")] });
  }
  const [a, b] = given;
  if (a && b) await expectTalk(a, b);
}

/** The host answers on the gateway's addresses, and reaches the container. */
export async function expectGateway(one: Attached): Promise<void> {
  const { host } = one.network.bench;
  await using _server = await serveAll(one.sandbox, 7001);
  for (const gateway of gatewaysOf(one.network.place.index, one.addresses)) {
    expect(await ping(one.sandbox, gateway)).toBe(true);
    const address = one.addresses.find((a) => a.includes(":") === gateway.includes(":")) ?? "";
    expect(await tcpEcho(host, address, 7001)).toMatchObject({ address: gateway });
    expect(await udpEcho(host, address, 7001)).toMatchObject({ address: gateway });
  }
}

/** The networks of this suite: `10.88.N.0/24` and `fd88:N::/64`, the gateway at 1. */
export const subnet4 = (index: number): string => `10.88.${index}.0/24`;
export const subnet6 = (index: number): string => `fd88:${index}::/64`;
export const gateway4 = (index: number): string => `10.88.${index}.1`;
export const gateway6 = (index: number): string => `fd88:${index}::1`;

const gatewaysOf = (index: number, addresses: readonly string[]): string[] =>
  addresses.map((address) => (address.includes(":") ? gateway6(index) : gateway4(index)));

/** The outside world: a namespace beyond the host, which knows no way to the containers. */
export interface Uplink {
  readonly outside: Place;
  readonly hostAddresses: readonly [string, string];
  readonly outsideAddresses: readonly [string, string];
}

const uplinks = new WeakMap<object, Uplink>();

/** Made once for a bench: call it before the first snapshot. */
export async function makeUplink({ bench }: Pick<Network, "bench">): Promise<Uplink> {
  const known = uplinks.get(bench);
  if (known) return known;
  const outside = await bench.sandbox();
  await connect(bench.host, "up0", ["192.0.2.1/24", "2001:db8::1/64"], outside, "eth0", [
    "192.0.2.2/24",
    "2001:db8::2/64",
  ]);
  const uplink: Uplink = {
    outside,
    hostAddresses: ["192.0.2.1", "2001:db8::1"],
    outsideAddresses: ["192.0.2.2", "2001:db8::2"],
  };
  uplinks.set(bench, uplink);
  return uplink;
}

export function uplinkOf({ bench }: Pick<Network, "bench">): Uplink {
  const uplink = uplinks.get(bench);
  if (!uplink) throw new Error("the subject has no `prepare: makeUplink`");
  return uplink;
}

/** Connections to the outside come from the host's address. */
export async function expectMasqueraded(one: Attached): Promise<void> {
  const { outside, hostAddresses, outsideAddresses } = uplinkOf(one.network);
  await using _server = await serveAll(outside, 7002);
  for (const address of one.addresses) {
    const i = address.includes(":") ? 1 : 0;
    expect(await tcpEcho(one.sandbox, outsideAddresses[i], 7002)).toMatchObject({ address: hostAddresses[i] });
  }
}
