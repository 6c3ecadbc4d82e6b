import { type NetworkList, parseNetworkList } from "../../cni/runtime/config-list.ts";
import type { Places } from "../store/places.ts";

/** What `--network` takes. */
export const NETWORK_MODES = ["bridge", "none", "host"] as const;
export type NetworkMode = (typeof NETWORK_MODES)[number];

export const NETWORK = "tsbox";
/** Of none of the ranges that Docker, Podman, CRI-O and kubelet's usual networks take by themselves. */
const SUBNET = "10.86.0.0/16";

/** The network of every container that names no other: a bridge behind the host's address, and published ports. */
export function defaultNetwork(places: Places): NetworkList {
  const list = {
    cniVersion: "1.1.0",
    name: NETWORK,
    plugins: [
      {
        type: "bridge",
        bridge: "tsbox0",
        isGateway: true,
        ipMasq: true,
        ipam: {
          type: "host-local",
          dataDir: `${places.data}/leases`,
          ranges: [[{ subnet: SUBNET }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  return parseNetworkList(new TextEncoder().encode(JSON.stringify(list)));
}
