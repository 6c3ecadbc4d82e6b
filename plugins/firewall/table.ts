import type { Cidr } from "../../src/ip/index.ts";
import { ipToBytes } from "../../src/ip/index.ts";
import type { Expr } from "../../src/netlink/nft/index.ts";
import {
  type Family,
  isFamily,
  isKnown,
  isTranslated,
  loadKey,
  verdict,
  verdictMap,
} from "../../src/plugin/nat/expressions.ts";
import type { Slot } from "../../src/plugin/nat/records.ts";
import type { SharedPart } from "../../src/plugin/nat/shared.ts";
import { declareSet } from "../../src/plugin/nat/table.ts";

/** A container's address leads to the chain of what it wants. */
const ADDRESS_SET = { 4: "fw4", 6: "fw6" } as const;
export const ADDRESS_SETS: readonly string[] = [ADDRESS_SET[4], ADDRESS_SET[6]];
/** Links with a policy. */
export const LINKS = "fw-links";
/** Link and link: those between which containers may talk, which are the pairs of a link with itself. */
export const WITHIN = "fw-within";

export const addressSlot = ({ ip }: Cidr): Slot => ({ set: ADDRESS_SET[ip.family], key: ipToBytes(ip) });

/** Registers of 16 bytes, linux/netfilter/nf_tables.h: each holds a link's name. */
const [REG_1, REG_2] = [1, 2];

const link = (key: "iifname" | "oifname", dreg: number): Expr => ({ kind: "meta", data: { key, dreg } });
const isIn = (set: string): Expr => ({ kind: "lookup", data: { set, sreg: REG_1 } });

const byAddress = (which: "saddr" | "daddr", family: Family, tests: readonly Expr[] = []): Expr[] => [
  ...tests,
  ...isFamily(family),
  ...loadKey(family, [which]),
  verdictMap(ADDRESS_SET[family]),
];

/**
 * Policies first: what is dropped here stays dropped, whoever accepts it elsewhere. Then what may pass gets its mark: all
 * that containers send, the answers to it, and what somebody published.
 *
 * Priority -10: behind those who set marks in their mangle tables (-150), before all who filter (0 and up).
 */
export const FIREWALL_PART: SharedPart = {
  get sets() {
    const about = "containers, and what their packets may";
    return [
      declareSet(ADDRESS_SET[4], ["ipv4_addr"], "verdict", about),
      declareSet(ADDRESS_SET[6], ["ipv6_addr"], "verdict", about),
      declareSet(LINKS, ["ifname"], undefined, "links of networks with an ingress policy"),
      declareSet(WITHIN, ["ifname", "ifname"], undefined, "pairs between which containers may open connections"),
    ];
  },
  chains: [
    {
      name: "fw-between",
      uses: 5, // 4 rules, 1 jump
      get rules() {
        return [
          [...isKnown, verdict("return")],
          [...isTranslated, verdict("return")],
          [link("iifname", REG_1), link("oifname", REG_2), isIn(WITHIN), verdict("return")],
          [verdict("drop")],
        ];
      },
    },
    {
      name: "fw-forward",
      base: { type: "filter", hook: "forward", priority: -10 },
      uses: 7,
      get rules() {
        return [
          [link("iifname", REG_1), isIn(LINKS), link("oifname", REG_1), isIn(LINKS), verdict("jump", "fw-between")],
          byAddress("saddr", 4),
          byAddress("saddr", 6),
          byAddress("daddr", 4, isKnown),
          byAddress("daddr", 6, isKnown),
          byAddress("daddr", 4, isTranslated),
          byAddress("daddr", 6, isTranslated),
        ];
      },
    },
  ],
};
