import { attrs, bytes, enumOf, ipv6, struct, u8, u32 } from "../wire/index.ts";
import { AF } from "./constants.ts";
import { IFLA_INET, IFLA_INET6 } from "./link.const.ts";

/** IFLA_AF_SPEC of a link: settings by address family. A bridge's VLANs use the same number differently: bridge-vlan.ts. */
export const afSpec = attrs({
  inet: [
    AF.INET,
    attrs({
      /** Sysctl values net.ipv4.conf.* as u32, counted from IPV4_DEVCONF_FORWARDING; write the sysctl instead. */
      conf: [IFLA_INET.CONF, bytes],
    }),
  ],
  inet6: [
    AF.INET6,
    attrs({
      flags: [IFLA_INET6.FLAGS, u32],
      conf: [IFLA_INET6.CONF, bytes],
      stats: [IFLA_INET6.STATS, bytes],
      /** `struct ifla_cacheinfo`; times in milliseconds but `tstamp`, hundredths of a second. */
      cacheInfo: [
        IFLA_INET6.CACHEINFO,
        struct({ maxReasmLen: u32, tstamp: u32, reachableTimeMs: u32, retransTimeMs: u32 }),
      ],
      icmp6Stats: [IFLA_INET6.ICMP6STATS, bytes],
      token: [IFLA_INET6.TOKEN, ipv6],
      /** How the link-local address is made; `none` makes none. */
      addrGenMode: [IFLA_INET6.ADDR_GEN_MODE, enumOf(u8, { eui64: 0, none: 1, stablePrivacy: 2, random: 3 })],
      raMtu: [IFLA_INET6.RA_MTU, u32],
    }),
  ],
});
