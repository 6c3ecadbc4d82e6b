import { fields } from "../../src/cni/keys.ts";
import type { NetworkConfig } from "../../src/cni/types.ts";

/** Who may open connections to the container, of those whose networks have a policy as well. */
export const POLICIES = ["open", "same-bridge", "isolated"] as const;
export type IngressPolicy = (typeof POLICIES)[number];

/** A checked firewall configuration. */
export interface FirewallConf extends NetworkConfig {
  /** firewalld must run; otherwise it is spoken to if it does. */
  readonly needsFirewalld: boolean;
  /** A zone of firewalld. */
  readonly zone: string;
  /** A chain of iptables that forwarded packets pass before we let any through, if it is there. */
  readonly adminChain: string;
  readonly policy: IngressPolicy;
  /** The bit of a packet's mark that says "let through", as a number. */
  readonly mark: number;
}

const BACKENDS = ["", "iptables", "nftables", "firewalld"];
/** 13 is portmap's in the reference, 14 and 15 are kube-proxy's. */
const MARK_BIT = 12;
/** What iptables takes as the name of a chain (iptables(8), -N), less what would end a quoted comment. */
const CHAIN_NAME = /^(?![-!])[\x21\x23-\x5b\x5d-\x7e]{1,28}$/;
const ZONE_NAME = /^[\x21-\x7e]{1,64}$/;

export function parse(conf: NetworkConfig, { lenient }: { lenient: boolean }): FirewallConf {
  const f = fields(conf.raw, "", lenient);
  const word = (key: string, isGood: (text: string) => boolean, need: string): string => {
    const text = f.string(key) ?? "";
    if (text === "" || isGood(text)) return text;
    if (!lenient) throw f.wrong(key, need);
    return "";
  };
  const backend = word("backend", (text) => BACKENDS.includes(text), '"iptables", "nftables" or "firewalld"');
  const policy = word(
    "ingressPolicy",
    (text) => policyOf(text) !== undefined,
    POLICIES.map((p) => `"${p}"`).join(", "),
  );
  return {
    ...conf,
    needsFirewalld: backend === "firewalld",
    zone: word("firewalldZone", (text) => ZONE_NAME.test(text), "the name of a zone of firewalld") || "trusted",
    adminChain:
      word("iptablesAdminChainName", (text) => CHAIN_NAME.test(text), "a name that iptables takes for a chain") ||
      "CNI-ADMIN",
    policy: policyOf(policy) ?? "open",
    mark: (1 << (f.int("markBit", { min: 0, max: 31 }) ?? MARK_BIT)) >>> 0,
  };
}

const policyOf = (text: string): IngressPolicy | undefined => POLICIES.find((policy) => policy === text);
