import type { Fd } from "../../../native/addon.ts";
import type { Attachment } from "../../cni/runtime/cache.ts";
import type { CniResult, JsonObject } from "../../cni/types.ts";
import type { Surroundings } from "../surroundings.ts";
import type { PortSpec } from "../values/port.ts";
import { defaultNetwork } from "./default.ts";
import { runTask } from "./run-task.ts";

/** How a container is on its network. */
export interface Attached {
  /** With prefix length; the first one is the container's own. */
  readonly addresses: readonly string[];
  readonly gateway: string;
  readonly mac: string;
}

const IF_NAME = "eth0";

/** Puts a network namespace on the default network and publishes ports. Whole or not at all. */
export async function attach(
  s: Surroundings,
  id: string,
  netns: string,
  ports: readonly PortSpec[],
  held: Fd | undefined,
): Promise<Attached> {
  const task = { ...network(s), verb: "add", attachment: attachmentOf(id, netns, ports) } as const;
  return attachedOf(await runTask(s, task, { what: "cannot connect to the network", held }));
}

/** Takes a container, whose network namespace is gone, off the network: link, address, ports. What is gone is fine. */
export async function detach(
  s: Surroundings,
  id: string,
  ports: readonly PortSpec[],
  held: Fd | undefined,
): Promise<void> {
  const task = { ...network(s), verb: "del", attachment: attachmentOf(id, "", ports) } as const;
  await runTask(s, task, { what: "cannot disconnect from the network", held });
}

/** Takes everything off the network that is none of these containers': links, addresses, ports, memories. */
export async function gcAttachments(s: Surroundings, containers: readonly string[]): Promise<void> {
  const valid = containers.map((containerID) => ({ containerID, ifname: IF_NAME }));
  await runTask(s, { ...network(s), verb: "gc", valid }, { what: "cannot clean up the network", held: undefined });
}

const network = ({ places }: Surroundings): { list: string; cacheDir: string } => ({
  list: defaultNetwork(places),
  cacheDir: `${places.data}/cni`,
});

function attachmentOf(id: string, netns: string, ports: readonly PortSpec[]): Attachment {
  const portMappings = ports.map(({ hostIp, hostPort, containerPort, protocol }) => ({
    hostPort,
    containerPort,
    protocol,
    ...(hostIp === "" ? {} : { hostIP: hostIp }),
  }));
  const capabilityArgs: JsonObject = portMappings.length === 0 ? {} : { portMappings };
  return { containerId: id, ifName: IF_NAME, netns, args: [], capabilityArgs };
}

function attachedOf(result: CniResult | undefined): Attached {
  const inside = result?.interfaces?.find(({ name, sandbox }) => name === IF_NAME && sandbox !== undefined);
  return {
    addresses: result?.ips?.map(({ address }) => address) ?? [],
    gateway: result?.ips?.[0]?.gateway ?? "",
    mac: inside?.mac ?? "",
  };
}
