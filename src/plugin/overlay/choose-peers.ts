import { type Cidr, cidrContains, formatCidr, formatIp, type Ip, ipBits, sameIp } from "../../ip/index.ts";
import { overlap, type Peer, type PeerProblem } from "./peer.ts";
import { Ranges } from "./ranges.ts";
import { vtepMac } from "./vtep.ts";

/** A host that is reached through the overlay. */
export interface Remote extends Peer {
  readonly mac: string;
}

export interface ChosenPeers {
  readonly remotes: readonly Remote[];
  readonly problems: readonly PeerProblem[];
}

/** This host, as the others know it. */
export interface ThisHost {
  readonly local: Ip;
  readonly mac: string;
  readonly subnets: readonly Cidr[];
  readonly vni: number;
  /** What is on the underlay's own link. */
  readonly prefixes: readonly Cidr[];
  /** Addresses that are no other host's, and whose they are. */
  readonly taken: ReadonlyMap<string, string>;
}

/** This host's own entry, if it is among the peers: the same list may go to every host. */
export const ownEntry = (peers: readonly Peer[], local: Ip): Peer | undefined =>
  peers.find((peer) => sameIp(peer.address, local));

/**
 * Sorts out who is another host, and who cannot be: an entry that contradicts this host, an earlier entry, or the underlay (a
 * prefix with a VTEP in it would send the tunnel's own packets into the tunnel).
 */
export function choosePeers(peers: readonly Peer[], host: ThisHost): ChosenPeers {
  const own = ownEntry(peers, host.local);
  const taken = new Taken(host, peers);
  const remotes: Remote[] = [];
  const problems: PeerProblem[] = [];
  for (const peer of peers) {
    if (peer === own) continue;
    const remote: Remote = { ...peer, mac: peer.mac ?? vtepMac(peer.address, host.vni) };
    const message = taken.objection(remote);
    if (message !== undefined) problems.push({ from: peer.from, message });
    else {
      remotes.push(remote);
      taken.add(remote, peer.from);
    }
  }
  return { remotes, problems };
}

const single = (ip: Ip): Cidr => ({ ip, prefixLen: ipBits(ip.family) });

/** What this host and the entries so far hold. */
class Taken {
  readonly #local: Ip;
  readonly #holders: Map<string, string>;
  readonly #subnets = new Ranges<{ readonly subnet: Cidr; readonly holder: string }>();
  readonly #vteps = new Ranges<Ip>();

  constructor({ local, mac, subnets, prefixes, taken }: ThisHost, peers: readonly Peer[]) {
    this.#local = local;
    this.#holders = new Map(taken);
    // Who is on the link is there for certain, however early somebody claims the prefix.
    for (const { address } of peers)
      if (prefixes.some((prefix) => cidrContains(prefix, address))) this.#addVtep(address);
    this.add({ address: local, mac, subnets }, "this host");
  }

  #addVtep(ip: Ip): void {
    if (!this.#vteps.find(single(ip))) this.#vteps.add(single(ip), ip);
  }

  add({ address, mac, subnets }: Pick<Remote, "address" | "mac" | "subnets">, holder: string): void {
    this.#holders.set(formatIp(address), holder).set(mac, holder);
    this.#addVtep(address);
    for (const subnet of subnets) if (!this.#subnets.find(subnet)) this.#subnets.add(subnet, { subnet, holder });
  }

  /** Why this cannot be one more host. */
  objection({ address, mac, subnets }: Remote): string | undefined {
    const text = formatIp(address);
    if (address.family !== this.#local.family)
      return `${text} is of another family than ${formatIp(this.#local)}, the address of this host's VTEP`;
    const holder = this.#holders.get(text);
    if (holder !== undefined) return `address ${text} is taken by ${holder}`;
    const holderOfMac = this.#holders.get(mac);
    if (holderOfMac !== undefined) return `MAC address ${mac} is taken by ${holderOfMac}`;
    const around = this.#subnets.find(single(address));
    if (around) return `address ${text} is in ${formatCidr(around.subnet)} of ${around.holder}`;
    for (const subnet of subnets) {
      const other = this.#subnets.find(subnet);
      if (other) return `subnet ${formatCidr(subnet)} overlaps ${formatCidr(other.subnet)} of ${other.holder}`;
      const vtep = this.#vteps.find(subnet);
      if (vtep) return `subnet ${formatCidr(subnet)} has the underlay address ${formatIp(vtep)} in it`;
      if (overlap(subnet, single(address)))
        return `subnet ${formatCidr(subnet)} has the host's own address ${text} in it`;
    }
    return undefined;
  }
}
