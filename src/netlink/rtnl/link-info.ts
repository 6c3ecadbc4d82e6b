import { attrs, bytes, type Infer, type Input, merge, tagged } from "../wire/index.ts";
import { bridge } from "./kinds/bridge.ts";
import { bridgePort } from "./kinds/bridge-port.ts";
import { ipvlan } from "./kinds/ipvlan.ts";
import { macvlan } from "./kinds/macvlan.ts";
import { plain } from "./kinds/plain.ts";
import { tun } from "./kinds/tun.ts";
import { veth } from "./kinds/veth.ts";
import { vlan } from "./kinds/vlan.ts";
import { vrf, vrfPort } from "./kinds/vrf.ts";
import { vxlan } from "./kinds/vxlan.ts";
import { IFLA_INFO } from "./link.const.ts";

const byKind = tagged(
  { kind: IFLA_INFO.KIND, data: IFLA_INFO.DATA },
  {
    bridge,
    veth,
    macvlan,
    macvtap: macvlan,
    vxlan,
    tun,
    ifb: plain,
    dummy: plain,
    ipvlan,
    ipvtap: ipvlan,
    vlan,
    vrf,
  },
);

const bySlaveKind = tagged(
  { kind: IFLA_INFO.SLAVE_KIND, data: IFLA_INFO.SLAVE_DATA },
  { bridge: bridgePort, vrf: vrfPort },
  "slave",
);

/** IFLA_LINKINFO: what kind a link is, and what it is to its master. The type of `data` follows `kind`. */
export const linkInfo = merge(merge(byKind, bySlaveKind), attrs({ xstats: [IFLA_INFO.XSTATS, bytes] }));
export type LinkInfo = Infer<typeof linkInfo>;
export type LinkInfoInput = Input<typeof linkInfo>;
/** `{ kind: "vxlan", data: { vni: 7 } }`: what a link to be made needs. */
export type LinkKind = Input<typeof byKind>;
