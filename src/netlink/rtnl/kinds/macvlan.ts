import { attrs, enumOf, list, mac, u16, u32 } from "../../wire/index.ts";
import { IFLA_MACVLAN, MACVLAN_MODE } from "./macvlan.const.ts";

/** Several links with addresses of their own on one lower link. Kinds "macvlan" and "macvtap". */
export const macvlan = attrs({
  mode: [
    IFLA_MACVLAN.MODE,
    enumOf(u32, {
      private: MACVLAN_MODE.PRIVATE,
      vepa: MACVLAN_MODE.VEPA,
      bridge: MACVLAN_MODE.BRIDGE,
      passthru: MACVLAN_MODE.PASSTHRU,
      source: MACVLAN_MODE.SOURCE,
    }),
  ],
  /** MACVLAN_FLAG_*. */
  flags: [IFLA_MACVLAN.FLAGS, u16],
  /** Mode "source": what to do with `macaddr` or `macaddrData`. */
  macaddrMode: [IFLA_MACVLAN.MACADDR_MODE, enumOf(u32, { add: 0, del: 1, flush: 2, set: 3 })],
  macaddr: [IFLA_MACVLAN.MACADDR, mac],
  macaddrData: [IFLA_MACVLAN.MACADDR_DATA, list(IFLA_MACVLAN.MACADDR, mac)],
  macaddrCount: [IFLA_MACVLAN.MACADDR_COUNT, u32],
  bcQueueLen: [IFLA_MACVLAN.BC_QUEUE_LEN, u32],
  bcQueueLenUsed: [IFLA_MACVLAN.BC_QUEUE_LEN_USED, u32],
});
