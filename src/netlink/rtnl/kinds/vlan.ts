import { attrs, be16, list, struct, u16, u32 } from "../../wire/index.ts";
import { IFLA_VLAN, IFLA_VLAN_QOS } from "./vlan.const.ts";

/** `struct ifla_vlan_qos_mapping`: socket priority and VLAN priority. */
const qosMap = list(IFLA_VLAN_QOS.MAPPING, struct({ from: u32, to: u32 }));

/** An 802.1Q VLAN of a lower link (`link` of the message). */
export const vlan = attrs({
  /** 0..4095. */
  id: [IFLA_VLAN.ID, u16],
  /** 0x8100 (802.1Q) or 0x88a8 (802.1ad). */
  protocol: [IFLA_VLAN.PROTOCOL, be16],
  /** VLAN_FLAG_*, and which of them are meant. */
  flags: [IFLA_VLAN.FLAGS, struct({ flags: u32, mask: u32 })],
  egressQos: [IFLA_VLAN.EGRESS_QOS, qosMap],
  ingressQos: [IFLA_VLAN.INGRESS_QOS, qosMap],
});
