import { attrs, enumOf, u16 } from "../../wire/index.ts";
import { IFLA_IPVLAN, IPVLAN_MODE } from "./ipvlan.const.ts";

/** Several links on one lower link, sharing its hardware address. Kinds "ipvlan" and "ipvtap". */
export const ipvlan = attrs({
  mode: [IFLA_IPVLAN.MODE, enumOf(u16, { l2: IPVLAN_MODE.L2, l3: IPVLAN_MODE.L3, l3s: IPVLAN_MODE.L3S })],
  /** IPVLAN_F_*. */
  flags: [IFLA_IPVLAN.FLAGS, u16],
});
