import type { Place } from "../support/place.ts";

export interface ReferenceRules {
  readonly network: string;
  readonly containerId: string;
  readonly ifName: string;
  /** IPv4 address and prefix length: `10.1.0.5/24`. */
  readonly address: string;
  /** Its network: `10.1.0.0/24`. */
  readonly subnet: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/**
 * Writes the rules that the nftables backends of the reference portmap and of its `ipMasq` (v1.9.1, which Debian 12 does
 * not have) leave for one TCP mapping of one container, tables, chains and comments included.
 */
export async function addReferenceRules(host: Place, rules: ReferenceRules): Promise<void> {
  const { network, containerId, ifName, subnet, hostPort, containerPort } = rules;
  const ip = rules.address.split("/")[0];
  const comment = `${hash(network)}-${hash(`${ifName}:${containerId}`)}, net: ${network}, if: ${ifName}, id: ${containerId}`;
  const script = `
    add table ip cni_hostport { comment "CNI portmap plugin"; }
    add chain ip cni_hostport hostports
    add chain ip cni_hostport hostip_hostports
    add chain ip cni_hostport hostports_all
    flush chain ip cni_hostport hostports_all
    add rule ip cni_hostport hostports_all jump hostip_hostports
    add rule ip cni_hostport hostports_all jump hostports
    add chain ip cni_hostport prerouting { type nat hook prerouting priority dstnat; }
    flush chain ip cni_hostport prerouting
    add rule ip cni_hostport prerouting fib daddr type local jump hostports_all
    add chain ip cni_hostport output { type nat hook output priority -100; }
    flush chain ip cni_hostport output
    add rule ip cni_hostport output fib daddr type local jump hostports_all
    add chain ip cni_hostport masquerading { type nat hook postrouting priority srcnat; }
    add rule ip cni_hostport hostports tcp dport ${hostPort} dnat to ${ip}:${containerPort} comment "${containerId}"
    add rule ip cni_hostport masquerading ip saddr ${ip} ip daddr ${ip} masquerade comment "${containerId}"
    add rule ip cni_hostport masquerading ip saddr 127.0.0.1 ip daddr ${ip} masquerade comment "${containerId}"
    add table inet cni_plugins_masquerade
    add chain inet cni_plugins_masquerade masq_checks
    add chain inet cni_plugins_masquerade postrouting { type nat hook postrouting priority srcnat; }
    flush chain inet cni_plugins_masquerade postrouting
    add rule inet cni_plugins_masquerade postrouting ip daddr 224.0.0.0/4 return
    add rule inet cni_plugins_masquerade postrouting ip6 daddr ff00::/8 return
    add rule inet cni_plugins_masquerade postrouting goto masq_checks
    add rule inet cni_plugins_masquerade masq_checks ip saddr ${ip} ip daddr != ${subnet} masquerade comment "${comment.slice(0, 128)}"
  `;
  await host.exec("nft", script.replace(/^\s+/gm, ""));
}

const hash = (text: string): string => new Bun.CryptoHasher("sha512").update(text).digest("hex").slice(0, 16);
