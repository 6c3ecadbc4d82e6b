import { existsSync, mkdtempSync, rmSync } from "node:fs";
import type { CniResult, JsonObject } from "../../src/cni/types.ts";
import { type Attachment, type Chain, type ChainOptions, makeChain } from "../support/chain.ts";
import { connect, makeNetns, makeSandbox, type Netns } from "../support/netns.ts";
import { randomName } from "../support/run.ts";
import type { Lack } from "../support/skip.ts";
import { serveAll } from "../support/traffic.ts";

/** Port that every container's server listens on, TCP and UDP. */
export const CONTAINER_PORT = 80;
/** Addresses of the host and of a neighbour on its LAN. */
export const HOST = { 4: "192.0.2.1", 6: "2001:db8:1::1" } as const;
export const NEIGHBOUR = { 4: "192.0.2.2", 6: "2001:db8:1::2" } as const;

const NETFILTER = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/** Whether bridged frames can be shown to netfilter at all; a module on some kernels. */
export function lacksBridgeNetfilter(): Lack {
  if (!existsSync(NETFILTER)) Bun.spawnSync(["modprobe", "br_netfilter"]);
  return existsSync(NETFILTER) ? undefined : "no br_netfilter";
}

export interface Mapping {
  readonly hostPort: number;
  readonly containerPort?: number;
  readonly protocol?: string;
  readonly hostIP?: string;
}

export interface Container {
  readonly netns: Netns;
  readonly attachment: Attachment;
  readonly result: CniResult;
  readonly chain: Chain;
  /** Without prefix length. */
  readonly ip: Readonly<Record<4 | 6, string>>;
}

export interface World extends AsyncDisposable {
  readonly host: Netns;
  readonly neighbour: Netns;
  /** A config list: bridge with ipMasq and dual-stack addresses, then portmap, then those that are to come behind it. */
  network(
    name: string,
    portmap?: JsonObject,
    index?: number,
    options?: Partial<ChainOptions> & { readonly behind?: readonly JsonObject[] },
  ): Chain;
  /** Attaches a container with a server in it. */
  container(chain: Chain, mappings: readonly Mapping[], options?: { containerId?: string }): Promise<Container>;
}

/** One host with a neighbour on its LAN; namespaces, servers and folders go when it is disposed of. */
export async function makeWorld({ bridgeNetfilter }: { bridgeNetfilter?: 0 | 1 } = {}): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const host = stack.use(await makeNetns());
  const neighbour = stack.use(await makeNetns());
  await connect(host, "lan0", [`${HOST[4]}/24`, `${HOST[6]}/64`], neighbour, "eth0", [
    `${NEIGHBOUR[4]}/24`,
    `${NEIGHBOUR[6]}/64`,
  ]);
  if (bridgeNetfilter !== undefined)
    for (const name of ["iptables", "ip6tables"])
      await host.exec("sysctl", "-qw", `net.bridge.bridge-nf-call-${name}=${bridgeNetfilter}`);
  const dataDir = mkdtempSync("/tmp/tsnet-portmap-");
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  const resources = stack.move();
  return {
    host,
    neighbour,
    network: (name, portmap = {}, index = 1, { behind = [], ...options } = {}) =>
      makeChain({
        name,
        host,
        cniVersion: "1.1.0",
        plugins: [
          {
            type: "bridge",
            bridge: `br${index}`,
            isDefaultGateway: true,
            ipMasq: true,
            ipam: {
              type: "host-local",
              dataDir,
              ranges: [[{ subnet: `10.${index}.0.0/16` }], [{ subnet: `fd00:${index}::/64` }]],
            },
          },
          { type: "portmap", capabilities: { portMappings: true }, ...portmap },
          ...behind,
        ],
        ...options,
      }),
    async container(chain, mappings, { containerId = randomName("c") } = {}) {
      const netns = resources.use(await makeSandbox());
      const attachment: Attachment = {
        containerId,
        netns: netns.path,
        runtimeConfig: {
          portMappings: mappings.map((m) => ({ containerPort: CONTAINER_PORT, protocol: "tcp", ...m })),
        },
      };
      const result = await chain.add(attachment);
      await netns.exec("ip", "link", "set", "lo", "up");
      resources.use(await serveAll(netns, CONTAINER_PORT));
      const address = (family: 4 | 6): string =>
        (result.ips ?? []).find((ip) => ip.address.includes(":") === (family === 6))?.address.split("/")[0] ?? "";
      return { netns, attachment, result, chain, ip: { 4: address(4), 6: address(6) } };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Elements of a set or map of ours, as `nft -j` prints them. */
export async function elements(host: Netns, name: string): Promise<unknown[]> {
  const ran = await host.run(["nft", "-j", "list", "set", "inet", "tsnet", name]);
  const map = ran.code === 0 ? ran : await host.run(["nft", "-j", "list", "map", "inet", "tsnet", name]);
  if (map.code !== 0) return [];
  const { nftables } = JSON.parse(map.stdout) as {
    nftables: { map?: { elem?: unknown[] }; set?: { elem?: unknown[] } }[];
  };
  return nftables.flatMap((entry) => entry.map?.elem ?? entry.set?.elem ?? []);
}
