import { TRANSPORT } from "./payload.ts";
import { toNumber } from "./types.ts";
import type { Value } from "./value.ts";

/** linux/if_arp.h */
const ARPHRD_ETHER = 1;

const NETWORKS: Readonly<Record<number, string>> = { 2048: "ip", 34525: "ip6", 2054: "arp" };
const FAMILIES: Readonly<Record<number, string>> = { 2: "ip", 10: "ip6" };
/** Protocols that only one of the two carries: they say as much as a match of the family. */
const CARRIER: Readonly<Record<string, string>> = { icmp: "ip", igmp: "ip", icmpv6: "ip6" };

type Base = string | number | undefined;

/**
 * Which headers a packet is known to have at some point of a rule, from the table's family and from comparisons before. A
 * comparison that only says which header comes next goes when that header is read, as nobody wrote it.
 */
export class Headers {
  /** Frames are known to be Ethernet's. */
  #ethernet: boolean;
  #network: string | undefined;
  #transport: string | undefined;
  /** Where the comparison stands that told what comes next. */
  #told: { link?: number | undefined; network?: number | undefined; transport?: number | undefined } = {};
  /** Where the comparison with the type of a tagged frame stands. */
  #tag: number | undefined;
  readonly #drop: (at: number) => void;

  /** @param drop takes away the statement that stands there */
  constructor(family: string | number, drop: (at: number) => void) {
    this.#ethernet = family === "bridge" || family === "netdev" || family === "arp";
    this.#network = ["ip", "ip6", "arp"].find((name) => name === family);
    this.#drop = drop;
  }

  get network(): string | undefined {
    return this.#network;
  }

  /** @param at bits from the base */
  protocolAt(base: Base, at: number): string | undefined {
    if (base === "link") return this.#ethernet ? (at < 112 ? "ether" : "vlan") : undefined;
    if (base === "network") return this.#network;
    if (base === "transport") return this.#transport ?? "th";
    return undefined;
  }

  /** What was compared so far somebody wanted compared. */
  keepAll(): void {
    this.#told = {};
  }

  /** A header is read: what was compared only to get there is not part of what somebody wrote. */
  reached(base: Base, protocol: string): void {
    const { link, network, transport } = this.#told;
    if (base === "link") {
      if (link !== undefined) this.#drop(link);
      this.#told.link = undefined;
      // A tag is behind the type that says so.
      if (protocol === "vlan" && this.#tag !== undefined) this.#drop(this.#tag);
      return;
    }
    if (base === "network" && network !== undefined) {
      this.#drop(network);
      this.#told.network = undefined;
    }
    if (base !== "transport") return;
    if (transport !== undefined) {
      this.#drop(transport);
      this.#told.transport = undefined;
    }
    if (network !== undefined && CARRIER[protocol] !== undefined && CARRIER[protocol] === this.#network) {
      this.#drop(network);
      this.#told.network = undefined;
    }
  }

  /** An answer of one family says as much as the comparison that it needs. */
  answered(): void {
    if (this.#told.network !== undefined) this.#drop(this.#told.network);
  }

  /** @param at where the comparison stands; @param alone there is no more to it */
  learn(tells: NonNullable<Value["tells"]>, number: number, at: number, alone: boolean): void {
    if (tells === "transport") {
      this.#transport = TRANSPORT[number];
      // Where both families pass, `ip protocol` says more than the protocol.
      if (alone) this.#told.transport = at;
      return;
    }
    if (tells === "link") {
      this.#ethernet = number === ARPHRD_ETHER;
      this.#told.link = at;
      return;
    }
    if (tells === "etherType" && (number === 0x8100 || number === 0x88a8)) this.#tag = at;
    const network = tells === "network" ? FAMILIES[number] : NETWORKS[number];
    if (network === undefined) return;
    this.#network = network;
    this.#told.network = at;
  }

  /** Of several fields compared in one go. */
  learnFields(fields: NonNullable<Value["fields"]>, bytes: Uint8Array): void {
    let at = 0;
    for (const field of fields) {
      const part = bytes.subarray(at, at + field.bits / 8);
      at += field.bits / 8;
      if (field.field === "protocol" || field.field === "nexthdr")
        this.#transport = TRANSPORT[Number(toNumber(part, true))] ?? this.#transport;
    }
  }
}
