import { CniError } from "../../cni/errors.ts";
import type { Attachment } from "../../cni/runtime/cache.ts";
import { addNetwork, delNetwork, gcNetwork } from "../../cni/runtime/chain.ts";
import type { Runtime } from "../../cni/runtime/host.ts";
import type { CniResult, JsonObject } from "../../cni/types.ts";
import { Failure } from "../failure.ts";
import type { Surroundings } from "../surroundings.ts";
import type { PortSpec } from "../values/port.ts";
import { defaultNetwork } from "./default.ts";

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
  const runtime = runtimeOf(s);
  const list = defaultNetwork(s.places);
  const attachment = attachmentOf(id, netns, ports);
  try {
    return attachedOf(await addNetwork(runtime, list, attachment));
  } catch (error) {
    await delNetwork(runtime, list, attachment).catch(() => {});
    if (error instanceof CniError)
      throw new Failure(`cannot connect to the network: ${error.message}`, error.details, { cause: error });
    throw error;
  }
}

/** Takes a container off the network: link, address, ports. What is gone already is fine. */
export async function detach(s: Surroundings, id: string, netns: string, ports: readonly PortSpec[]): Promise<void> {
  try {
    await delNetwork(runtimeOf(s), defaultNetwork(s.places), attachmentOf(id, netns, ports));
  } catch (error) {
    if (error instanceof CniError)
      throw new Failure(`cannot disconnect from the network: ${error.message}`, error.details, { cause: error });
    throw error;
  }
}

/** Takes everything off the network that is none of these containers': links, addresses, ports, memories. */
export async function gcAttachments(s: Surroundings, containers: readonly string[]): Promise<void> {
  const valid = containers.map((containerID) => ({ containerID, ifname: IF_NAME }));
  try {
    await gcNetwork(runtimeOf(s), defaultNetwork(s.places), valid);
  } catch (error) {
    if (error instanceof CniError) throw new Failure(error.message, error.details, { cause: error });
    throw error;
  }
}

const cacheDir = ({ places }: Surroundings): string => `${places.data}/cni`;

function runtimeOf(s: Surroundings): Runtime {
  return {
    host: {
      files: s.native,
      exec: s.pluginExec(s.native, s.err),
      env: {},
      cwd: "/",
      forwardStderr: s.err,
      sleep: (ms) => Bun.sleep(ms),
    },
    cniPath: [s.ownFolder],
    find: (type) => `${s.ownFolder}/${type}`,
    cacheDir: cacheDir(s),
  };
}

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

function attachedOf(result: CniResult): Attached {
  const inside = result.interfaces?.find(({ name, sandbox }) => name === IF_NAME && sandbox !== undefined);
  return {
    addresses: result.ips?.map(({ address }) => address) ?? [],
    gateway: result.ips?.[0]?.gateway ?? "",
    mac: inside?.mac ?? "",
  };
}
