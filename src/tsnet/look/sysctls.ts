import { isSystemError } from "../../../native/load.ts";
import type { Kernel } from "../../kernel/kernel.ts";

/** What decides whether packets pass, of the whole namespace. */
const GLOBAL = [
  "net/ipv4/ip_forward",
  "net/ipv4/conf/all/rp_filter",
  "net/ipv4/conf/default/rp_filter",
  "net/ipv4/conf/all/arp_ignore",
  "net/ipv4/conf/all/arp_announce",
  "net/ipv4/conf/all/route_localnet",
  "net/ipv4/conf/all/accept_local",
  "net/ipv4/conf/all/src_valid_mark",
  "net/ipv4/ip_nonlocal_bind",
  "net/ipv4/ip_local_port_range",
  "net/ipv4/ip_unprivileged_port_start",
  "net/ipv6/conf/all/forwarding",
  "net/ipv6/conf/all/disable_ipv6",
  "net/ipv6/conf/default/disable_ipv6",
  "net/ipv6/conf/default/accept_dad",
  "net/bridge/bridge-nf-call-iptables",
  "net/bridge/bridge-nf-call-ip6tables",
  "net/bridge/bridge-nf-call-arptables",
] as const;

/** The same, of one link. */
const PER_LINK = {
  4: [
    "forwarding",
    "rp_filter",
    "route_localnet",
    "accept_local",
    "proxy_arp",
    "arp_ignore",
    "arp_announce",
    "arp_filter",
  ],
  6: ["forwarding", "disable_ipv6", "accept_ra", "accept_dad", "proxy_ndp"],
} as const;

/** Reads parameters by their path below /proc/sys; those that the kernel has not are left out. */
export async function readSysctls(kernel: Kernel, links: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const keys: string[] = [...GLOBAL];
  for (const name of links) {
    for (const key of PER_LINK[4]) keys.push(`net/ipv4/conf/${name}/${key}`);
    for (const key of PER_LINK[6]) keys.push(`net/ipv6/conf/${name}/${key}`);
  }
  for (const key of keys) {
    const value = await readOne(kernel, key);
    if (value !== undefined) found.set(key, value);
  }
  return found;
}

export async function readOne(kernel: Kernel, key: string): Promise<string | undefined> {
  try {
    return await kernel.sysctl.get(key);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
