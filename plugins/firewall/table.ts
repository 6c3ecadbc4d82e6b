import type { Cidr } from "../../src/ip/index.ts";
import { ipToBytes } from "../../src/ip/index.ts";
import type { Expr } from "../../src/netlink/nft/index.ts";
import { type Family, isFamily, isKnown, isTranslated, loadKey, verdict } from "../../src/plugin/nat/expressions.ts";
import type { Slot } from "../../src/plugin/nat/records.ts";
import type { SharedPart } from "../../src/plugin/nat/shared.ts";
import { declareCounters, declareSet } from "../../src/plugin/nat/table.ts";
import { markText, setMark } from "./mark.ts";

/**
 * The map of a family's addresses whose packets get one mark: each address leads to the counter of what it wants. A map of
 * verdicts would do as well, but the kernel walks through all of those, once for each rule that looks one up, whenever a
 * rule or such an element is added to any table (`nft_table_validate`; docs/adr/0008).
 */
export const addressSet = (family: Family, mark: number): string => `fw${family}-${markText(mark)}`;
/** Links with a policy. */
export const LINKS = "fw-links";
/** Link and link: those between which containers may talk, which are the pairs of a link with itself. */
export const WITHIN = "fw-within";

export const addressSlot = ({ ip }: Cidr, mark: number): Slot => ({
  set: addressSet(ip.family, mark),
  key: ipToBytes(ip),
});

/** Registers of 16 bytes, linux/netfilter/nf_tables.h: each holds a link's name. */
const [REG_1, REG_2] = [1, 2];

const link = (key: "iifname" | "oifname", dreg: number): Expr => ({ kind: "meta", data: { key, dreg } });
const isIn = (set: string): Expr => ({ kind: "lookup", data: { set, sreg: REG_1 } });

/** Priority -10: behind those who set marks in their mangle tables (-150), before all who filter (0 and up). */
const FORWARD = { type: "filter", hook: "forward", priority: -10 } as const;

/** Of policies: what is dropped here stays dropped, whoever accepts it elsewhere. Not there before somebody has a policy. */
export const POLICY_PART: SharedPart = {
  get sets() {
    return [
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
      name: "fw-policies",
      base: FORWARD,
      uses: 1,
      get rules() {
        return [
          [link("iifname", REG_1), isIn(LINKS), link("oifname", REG_1), isIn(LINKS), verdict("jump", "fw-between")],
        ];
      },
    },
  ],
};

/** `counter name ip saddr map @fw4-0x1000 meta mark set meta mark or 0x1000` */
const byAddress = (which: "saddr" | "daddr", family: Family, mark: number, tests: readonly Expr[] = []): Expr[] => [
  ...tests,
  ...isFamily(family),
  ...loadKey(family, [which]),
  { kind: "objref", data: { setSreg: REG_1, setName: addressSet(family, mark) } },
  ...setMark(mark),
];

/** What may pass gets its mark: all that containers send, the answers to it, and what somebody published. */
export const passPart = (mark: number): SharedPart => ({
  get sets() {
    const about = "containers whose packets may pass";
    return [
      declareCounters(addressSet(4, mark), ["ipv4_addr"], about),
      declareCounters(addressSet(6, mark), ["ipv6_addr"], about),
    ];
  },
  chains: [
    {
      name: `fw-pass-${markText(mark)}`,
      base: FORWARD,
      uses: 6,
      get rules() {
        return [
          byAddress("saddr", 4, mark),
          byAddress("saddr", 6, mark),
          byAddress("daddr", 4, mark, isKnown),
          byAddress("daddr", 6, mark, isKnown),
          byAddress("daddr", 4, mark, isTranslated),
          byAddress("daddr", 6, mark, isTranslated),
        ];
      },
    },
  ],
});
