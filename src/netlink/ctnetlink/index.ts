/** Connection tracking over netlink: linux/netfilter/nfnetlink_conntrack.h, conntrack(8). */
export { CTA_FILTER_F_CTA, CTA_PROTO, IPS } from "./constants.ts";
export { delFlow, type Flow, type FlowTuple, getFlow, newFlow } from "./flow.ts";
