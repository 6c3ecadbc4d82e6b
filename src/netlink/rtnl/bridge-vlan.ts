import { attrs, cstring, type Infer, message, nested, struct, u16, u32 } from "../wire/index.ts";
import { IFLA_BRIDGE } from "./bridge-vlan.const.ts";
import { RTM } from "./constants.ts";
import { bridgePort } from "./kinds/bridge-port.ts";
import { IFLA } from "./link.const.ts";
import { ifinfomsg, operState } from "./link-attrs.ts";
import { repeated } from "./repeated.ts";
import { ethAddress } from "./scalars.ts";

/**
 * `struct bridge_vlan_info`, linux/if_bridge.h: flags are BRIDGE_VLAN_INFO_*. A range is two of them, the first with
 * RANGE_BEGIN, the second with RANGE_END.
 */
const vlanInfo = struct({ flags: u16, vid: u16 });

/** IFLA_AF_SPEC of family AF_BRIDGE. Unlike that of other families it repeats attributes. */
const bridgeAfSpec = repeated(
  attrs({
    /** BRIDGE_FLAGS_*: whether the bridge (master) or the port's own driver (self) is meant. */
    flags: [IFLA_BRIDGE.FLAGS, u16],
    mode: [IFLA_BRIDGE.MODE, u16],
    vlan: [IFLA_BRIDGE.VLAN_INFO, vlanInfo],
  }),
);
export type BridgeAfSpec = Infer<typeof bridgeAfSpec>;

/** A bridge's port as the family AF_BRIDGE has it: `bridge link`, `bridge vlan`. */
const bridgeLinkAttrs = attrs({
  ifname: [IFLA.IFNAME, cstring],
  master: [IFLA.MASTER, u32],
  link: [IFLA.LINK, u32],
  mtu: [IFLA.MTU, u32],
  address: [IFLA.ADDRESS, ethAddress],
  operstate: [IFLA.OPERSTATE, operState],
  /** RTEXT_FILTER_BRVLAN asks for VLANs, RTEXT_FILTER_BRVLAN_COMPRESSED for them as ranges. */
  extMask: [IFLA.EXT_MASK, u32],
  afSpec: [IFLA.AF_SPEC, bridgeAfSpec],
  port: [IFLA.PROTINFO, nested(bridgePort)],
});

/** Answers to a dump of family AF_BRIDGE. */
export const newBridgeLink = message([RTM.NEWLINK, "RTM_NEWLINK"], ifinfomsg, bridgeLinkAttrs);
/** Changes a port's settings (`port`, which the kernel takes only with NLA_F_NESTED) or adds VLANs. */
export const setBridgeLink = message([RTM.SETLINK, "RTM_SETLINK"], ifinfomsg, bridgeLinkAttrs);
/** Takes VLANs from a port. */
export const delBridgeLink = message([RTM.DELLINK, "RTM_DELLINK"], ifinfomsg, bridgeLinkAttrs);
export const getBridgeLink = message([RTM.GETLINK, "RTM_GETLINK"], ifinfomsg, bridgeLinkAttrs);
