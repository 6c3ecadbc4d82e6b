import type { Witness } from "../kernel/world.ts";
import type { Netns } from "../support/netns.ts";

/** An overlay's part on one host, as iproute2 makes it: what ours is compared with, and measured against. */
export interface ByHand {
  readonly device: string;
  readonly vni: number;
  /** Of this host's VTEP, in the underlay. */
  readonly local: string;
  readonly mac: string;
  readonly mtu: number;
  /** The device's own, with their length. */
  readonly inner: readonly string[];
  readonly peers: readonly {
    readonly address: string;
    readonly mac: string;
    /** The first address of each subnet, with its length. */
    readonly subnets: readonly string[];
  }[];
}

/** The shell script that makes it. */
export function scriptOf({ device, vni, local, mac, mtu, inner, peers }: ByHand): string {
  const lines = [
    `ip link add ${device} mtu ${mtu} address ${mac} type vxlan id ${vni} dev eth0 local ${local} dstport 4789 nolearning df set`,
    `ip link set ${device} addrgenmode none`,
    ...inner.map((address) => `ip addr add ${address} dev ${device}${address.includes(":") ? " nodad" : ""}`),
    `ip link set ${device} up`,
  ];
  for (const peer of peers) {
    lines.push(`bridge fdb add ${peer.mac} dev ${device} dst ${peer.address} self permanent`);
    for (const subnet of peer.subnets) {
      const gateway = subnet.replace(/\/.*/, "");
      const version = subnet.includes(":") ? "-6 " : "";
      lines.push(
        `ip neigh add ${gateway} lladdr ${peer.mac} dev ${device} nud permanent`,
        `ip ${version}route add ${subnet} via ${gateway} dev ${device} onlink proto 157`,
      );
    }
  }
  return lines.join("\n");
}

/** Everything iproute2, bridge and ethtool say of the device and its entries; what no two devices have in common left out. */
export async function attributesOf(place: Netns, device: string): Promise<Record<string, unknown>> {
  const json = async (...command: string[]): Promise<Witness[]> =>
    (JSON.parse(await place.exec(...command)) as Witness[]).map(
      ({ ifindex: _, ifalias: __, stats64: ___, ...rest }) => rest,
    );
  const sorted = (rows: Witness[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
  return {
    link: await json("ip", "-d", "-j", "link", "show", "dev", device),
    addresses: await json("ip", "-d", "-j", "addr", "show", "dev", device),
    fdb: sorted(await json("bridge", "-d", "-j", "fdb", "show", "dev", device)),
    neigh: sorted(await json("ip", "-d", "-j", "neigh", "show", "dev", device, "nud", "permanent")),
    routes: sorted([
      ...(await json("ip", "-d", "-j", "route", "show", "table", "all", "dev", device)),
      ...(await json("ip", "-6", "-d", "-j", "route", "show", "table", "all", "dev", device)),
    ]),
    offloads: (await place.exec("ethtool", "-k", device)).split("\n"),
    rings: (await place.run(["ethtool", "-i", device])).stdout,
  };
}
