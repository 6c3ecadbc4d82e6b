import { attrs, bytes, cstring, type Infer, type Input, merge, tagged } from "../wire/index.ts";
import { plain } from "./kinds/plain.ts";
import { veth } from "./kinds/veth.ts";
import { lazy } from "./lazy.ts";
import { IFLA_INFO } from "./link.const.ts";

// `require` can wait for its answer, where `import()` cannot; bundlers keep the module for later either way.
const bridge = lazy(() => (require("./kinds/bridge.ts") as typeof import("./kinds/bridge.ts")).bridge);
const bridgePort = lazy(
  () => (require("./kinds/bridge-port.ts") as typeof import("./kinds/bridge-port.ts")).bridgePort,
);
const ipvlan = lazy(() => (require("./kinds/ipvlan.ts") as typeof import("./kinds/ipvlan.ts")).ipvlan);
const macvlan = lazy(() => (require("./kinds/macvlan.ts") as typeof import("./kinds/macvlan.ts")).macvlan);
const tun = lazy(() => (require("./kinds/tun.ts") as typeof import("./kinds/tun.ts")).tun);
const vlan = lazy(() => (require("./kinds/vlan.ts") as typeof import("./kinds/vlan.ts")).vlan);
const vrf = lazy(() => (require("./kinds/vrf.ts") as typeof import("./kinds/vrf.ts")).vrf);
const vrfPort = lazy(() => (require("./kinds/vrf.ts") as typeof import("./kinds/vrf.ts")).vrfPort);
const vxlan = lazy(() => (require("./kinds/vxlan.ts") as typeof import("./kinds/vxlan.ts")).vxlan);

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
/** Of the same, only the names. */
export const linkKinds = attrs({ kind: [IFLA_INFO.KIND, cstring], slaveKind: [IFLA_INFO.SLAVE_KIND, cstring] });
export type LinkInfo = Infer<typeof linkInfo>;
export type LinkInfoInput = Input<typeof linkInfo>;
/** `{ kind: "vxlan", data: { vni: 7 } }`: what a link to be made needs. */
export type LinkKind = Input<typeof byKind>;
