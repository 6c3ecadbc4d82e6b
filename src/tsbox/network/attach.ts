import type { Attachment } from "../../cni/runtime/cache.ts";
import type { CniResult, JsonObject } from "../../cni/types.ts";
import { unless } from "../store/files.ts";
import { lock } from "../store/lock.ts";
import { containerFolder } from "../store/places.ts";
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
): Promise<Attached> {
  const attachment = attachmentOf(id, netns, ports);
  return attachedOf(await perform(s, "add", attachment, "cannot connect to the network"));
}

/** Takes a container, whose network namespace is gone, off the network: link, address, ports. What is gone is fine. */
export async function detach(s: Surroundings, id: string, ports: readonly PortSpec[]): Promise<void> {
  await perform(s, "del", attachmentOf(id, "", ports), "cannot disconnect from the network");
}

/**
 * The lock of a container's network is also held by the process that works on it. Should its command be killed meanwhile, the
 * next one waits here until that process is through, and so takes away all that it made.
 */
async function perform(
  s: Surroundings,
  verb: "add" | "del",
  attachment: Attachment,
  what: string,
): Promise<CniResult | undefined> {
  const id = attachment.containerId;
  const path = `${containerFolder(s.places, id)}/network.lock`;
  // Without the folder there is no container, and nobody at work on its network.
  const held = unless(["ENOENT"], () => lock(s.native, path, `the network of container ${id}`));
  try {
    return await runTask(s, { ...network(s), verb, attachment }, { what, lock: held?.fd });
  } finally {
    held?.release();
  }
}

/** Takes everything off the network that is none of these containers': links, addresses, ports, memories. */
export async function gcAttachments(s: Surroundings, containers: readonly string[]): Promise<void> {
  const valid = containers.map((containerID) => ({ containerID, ifname: IF_NAME }));
  await runTask(s, { ...network(s), verb: "gc", valid }, { what: "cannot clean up the network", lock: undefined });
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
