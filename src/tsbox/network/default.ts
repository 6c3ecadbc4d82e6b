import { instanceOf, type Places } from "../store/places.ts";

/** What `--network` takes. */
export const NETWORK_MODES = ["bridge", "none", "host"] as const;
export type NetworkMode = (typeof NETWORK_MODES)[number];

const NETWORK = "tsbox";

/** The bridge, by its name. */
export const bridgeOf = (places: Places): string => `${NETWORK}${instanceOf(places) || "0"}`;

/**
 * Of none of the ranges that Docker, Podman, CRI-O and kubelet's usual networks take by themselves. Another data folder has
 * another one, as its leases are its own.
 */
function subnetOf(places: Places): string {
  const instance = instanceOf(places);
  const second = instance === "" ? 86 : 128 + (Number.parseInt(instance.slice(1), 16) % 96);
  return `10.${second}.0.0/16`;
}

/** The network of every container that names no other: a bridge behind the host's address, and published ports. A CNI list. */
export function defaultNetwork(places: Places): string {
  const list = {
    cniVersion: "1.1.0",
    name: `${NETWORK}${instanceOf(places)}`,
    plugins: [
      {
        type: "bridge",
        bridge: bridgeOf(places),
        isGateway: true,
        ipMasq: true,
        ipam: {
          type: "host-local",
          dataDir: `${places.data}/leases`,
          ranges: [[{ subnet: subnetOf(places) }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
  return JSON.stringify(list);
}
