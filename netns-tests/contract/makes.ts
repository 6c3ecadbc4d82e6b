import type { Family, Made } from "./subject.ts";
import { gateway4, gateway6, hostEnd, ifNameOf } from "./witness.ts";

/** What plugins make, each with the way to take it away behind the plugin's back. */

const quoted = (text: string): RegExp => new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));

export const bridgeName = (index: number): string => `br${index}`;

/** The container's own link, of whatever kind. */
export const containerSide: readonly Made[] = [
  {
    name: "the container's link",
    remove: (a) => a.sandbox.exec("ip", "link", "del", ifNameOf(a)),
    named: (a) => quoted(`"${ifNameOf(a)}"`),
  },
  {
    name: "the container's link being up",
    remove: (a) => a.sandbox.exec("ip", "link", "set", ifNameOf(a), "down"),
    named: /"eth0".* down|address .* missing|route .* missing/,
  },
  {
    name: "the container's hardware address",
    remove: (a) => a.sandbox.exec("ip", "link", "set", ifNameOf(a), "address", "02:00:00:00:00:99"),
    named: /"eth0".*02:00:00:00:00:99/,
  },
];

export const vethPair: readonly Made[] = [
  ...containerSide,
  {
    name: "the port being up",
    remove: (a) => a.network.bench.host.exec("ip", "link", "set", hostEnd(a), "down"),
    named: (a) => quoted(hostEnd(a)),
  },
  {
    name: "the port's place on the bridge",
    remove: (a) => a.network.bench.host.exec("ip", "link", "set", hostEnd(a), "nomaster"),
    named: (a) => quoted(hostEnd(a)),
  },
];

export const bridgeLink: readonly Made[] = [
  {
    name: "the bridge",
    remove: (a) => a.network.bench.host.exec("ip", "link", "del", bridgeName(a.network.place.index)),
    named: (a) => quoted(`"${bridgeName(a.network.place.index)}"`),
  },
  {
    name: "the bridge being up",
    remove: (a) => a.network.bench.host.exec("ip", "link", "set", bridgeName(a.network.place.index), "down"),
    named: (a) => quoted(`"${bridgeName(a.network.place.index)}"`),
  },
];

const version = (family: Family): string => (family === 4 ? "-4" : "-6");
const isOf = (family: Family) => (address: string) => address.includes(":") === (family === 6);

export const address = (family: Family): Made => ({
  name: `the container's IPv${family} address`,
  remove: async (a) => {
    const link = ifNameOf(a);
    const { ips = [] } = a.result;
    for (const ip of ips.filter((each) => isOf(family)(each.address)))
      await a.sandbox.exec("ip", "addr", "del", ip.address, "dev", link);
  },
  named: (a) => quoted(a.addresses.find(isOf(family)) ?? ""),
});

export const defaultRoute = (family: Family): Made => ({
  name: `the container's IPv${family} default route`,
  remove: (a) => a.sandbox.exec("ip", version(family), "route", "del", "default"),
  named: family === 4 ? /route 0\.0\.0\.0\/0/ : /route ::\/0/,
});

export const gateway = (family: Family): Made => ({
  name: `the IPv${family} gateway`,
  remove: (a) => {
    const { index } = a.network.place;
    const cidr = family === 4 ? `${gateway4(index)}/24` : `${gateway6(index)}/64`;
    return a.network.bench.host.exec("ip", "addr", "del", cidr, "dev", bridgeName(index));
  },
  named: (a) => quoted(family === 4 ? gateway4(a.network.place.index) : gateway6(a.network.place.index)),
});

export const forwarding = (family: Family): Made => ({
  name: `IPv${family} forwarding`,
  remove: (a) =>
    a.network.bench.host.exec(
      "sysctl",
      "-qw",
      family === 4 ? "net.ipv4.ip_forward=0" : "net.ipv6.conf.all.forwarding=0",
    ),
  named: quoted(`does not forward IPv${family}`),
});

export const lease = (family: Family): Made => ({
  name: `the IPv${family} lease`,
  remove: async (a) => {
    const name = a.addresses.find(isOf(family)) ?? "";
    await Bun.file(`${a.network.place.dataDir}/${a.network.place.name}/${name}`).delete();
  },
  // Without any lease left there is no address to name, only the attachment.
  named: (a) => new RegExp(`${a.addresses.find(isOf(family))}|container ${a.at.containerId} ${ifNameOf(a)}`),
});

/** A flag of the bridge's port, by `bridge link set`. */
export const portFlag = (flag: "hairpin" | "isolated"): Made => ({
  name: `the port's ${flag} flag`,
  remove: (a) => a.network.bench.host.exec("bridge", "link", "set", "dev", hostEnd(a), flag, "off"),
  named: new RegExp(flag),
});

interface NftEntry {
  readonly rule?: { family: string; table: string; chain: string; handle: number; comment?: string };
  readonly map?: { family: string; table: string; name: string; elem?: readonly unknown[] };
  readonly set?: { family: string; table: string; name: string; elem?: readonly unknown[] };
}

async function ruleset(a: Parameters<Made["remove"]>[0]): Promise<readonly NftEntry[]> {
  const { nftables } = JSON.parse(await a.network.bench.host.exec("nft", "-j", "list", "ruleset")) as {
    nftables: readonly NftEntry[];
  };
  return nftables;
}

/** The first rule of a chain whose name matches. */
export const nftRule = (chain: RegExp, named: RegExp): Made => ({
  name: `a rule of the nft chain ${chain.source}`,
  remove: async (a) => {
    const rules = (await ruleset(a)).flatMap(({ rule }) =>
      rule !== undefined && chain.test(rule.chain) ? [rule] : [],
    );
    const [first] = rules;
    if (first === undefined) throw new Error(`no rule in a chain ${chain.source}`);
    const { family, table, chain: name, handle } = first;
    return a.network.bench.host.exec("nft", "delete", "rule", family, table, name, "handle", String(handle));
  },
  named,
});

/** All elements of the maps and sets whose names match. */
export const nftElements = (name: RegExp, named: Made["named"]): Made => ({
  name: `the elements of the nft map ${name.source}`,
  remove: async (a) => {
    const found = (await ruleset(a))
      .flatMap(({ map, set }) => [map && { kind: "map", ...map }, set && { kind: "set", ...set }])
      .filter((each) => each !== undefined && name.test(each.name) && (each.elem?.length ?? 0) > 0);
    if (found.length === 0) throw new Error(`no elements in a map ${name.source}`);
    for (const each of found)
      if (each) await a.network.bench.host.exec("nft", "flush", each.kind, each.family, each.table, each.name);
  },
  named,
});

/** The whole rule set, as `systemctl restart nftables` does it. */
export const flush = (named: RegExp): Made => ({
  name: "the whole nft rule set",
  remove: (a) => a.network.bench.host.exec("nft", "flush", "ruleset"),
  named,
});
