import { type Cidr, type IpFamily, ipToBytes, networkIp } from "../../ip/index.ts";
import type { Input } from "../wire/index.ts";
import { TC_U32 } from "./u32.const.ts";
import type { u32Filter } from "./u32.ts";

/** Where an address begins in its header: RFC 791 section 3.1, RFC 8200 section 3. */
const offsetOf = (family: IpFamily, side: "src" | "dst"): number =>
  family === 4 ? (side === "src" ? 12 : 16) : side === "src" ? 8 : 24;

/** The protocol of a filter on addresses of a family: ETH_P_IP, ETH_P_IPV6 of linux/if_ether.h. */
export const ethertypeOf = (family: IpFamily): number => (family === 4 ? 0x0800 : 0x86dd);

/**
 * Sends packets from (`src`) or to (`dst`) a prefix to a class. Equivalent: `tc filter add … protocol ip u32 match ip src
 * PREFIX flowid CLASS`, for IPv6 `protocol ipv6 … match ip6 …`. The filter's protocol must be that of the prefix's family.
 * @param classId handle as a number; that of a htb qdisc itself lets packets pass by its classes
 */
export function matchPrefix(side: "src" | "dst", prefix: Cidr, classId: number): Input<typeof u32Filter> {
  const { family } = prefix.ip;
  const bytes = ipToBytes(networkIp(prefix));
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const keys: { mask: number; value: number; off: number }[] = [];
  for (let at = 0; at === 0 || at * 8 < prefix.prefixLen; at += 4) {
    const bits = Math.min(32, prefix.prefixLen - at * 8);
    const mask = bits === 0 ? 0 : (0xffff_ffff << (32 - bits)) >>> 0;
    keys.push({ mask, value: words.getUint32(at), off: offsetOf(family, side) + at });
  }
  return { classId, selector: { flags: TC_U32.TERMINAL, keys } };
}
