export { IFA, IFA_F } from "./addr.const.ts";
export { type AddrAttrs, addrAttrs, delAddr, getAddr, newAddr } from "./addr.ts";
export { BRIDGE_FLAGS, BRIDGE_VLAN_INFO, IFLA_BRIDGE } from "./bridge-vlan.const.ts";
export { type BridgeAfSpec, delBridgeLink, getBridgeLink, newBridgeLink, setBridgeLink } from "./bridge-vlan.ts";
export { AF, RTM, RTNLGRP } from "./constants.ts";
export type { Bridge } from "./kinds/bridge.ts";
export type { BridgePort } from "./kinds/bridge-port.ts";
export { IF_OPER, IFF, IFLA, RTEXT_FILTER } from "./link.const.ts";
export {
  delLink,
  delLinkProp,
  getLink,
  type NewLink,
  type NewLinkInput,
  newLink,
  newLinkProp,
  setLink,
} from "./link.ts";
export { type LinkInfo, type LinkInfoInput, type LinkKind, linkInfo } from "./link-info.ts";
export { NDA, NTF, NUD } from "./neigh.const.ts";
export { delNeigh, getNeigh, newNeigh } from "./neigh.ts";
export { delNsid, getNsid, newNsid } from "./netns-id.ts";
export type { Nexthop, NexthopInput, Via } from "./nexthop.ts";
export { RT_SCOPE, RT_TABLE, RTA, RTAX, RTM_F, RTN, RTNH_F, RTPROT } from "./route.const.ts";
export { delRoute, getRoute, newRoute, type RouteAttrs } from "./route.ts";
export { FIB_RULE, FR_ACT, FRA } from "./rule.const.ts";
export { delRule, getRule, newRule } from "./rule.ts";
