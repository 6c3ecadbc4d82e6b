import { attrs, enumOf, u8, u32 } from "../../wire/index.ts";
import { IFLA_TUN } from "./tun.const.ts";

/** tun and tap. They are made through /dev/net/tun (linux/if_tun.h); rtnetlink only tells of them. */
export const tun = attrs({
  owner: [IFLA_TUN.OWNER, u32],
  group: [IFLA_TUN.GROUP, u32],
  /** IFF_TUN, IFF_TAP. */
  type: [IFLA_TUN.TYPE, enumOf(u8, { tun: 1, tap: 2 })],
  pi: [IFLA_TUN.PI, u8],
  vnetHdr: [IFLA_TUN.VNET_HDR, u8],
  persist: [IFLA_TUN.PERSIST, u8],
  multiQueue: [IFLA_TUN.MULTI_QUEUE, u8],
  numQueues: [IFLA_TUN.NUM_QUEUES, u32],
  numDisabledQueues: [IFLA_TUN.NUM_DISABLED_QUEUES, u32],
});
