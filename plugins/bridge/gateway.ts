import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { CniIp } from "../../src/cni/types.ts";
import { formatCidr, networkCidr, parseCidr } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import { enableForwarding } from "../../src/plugin/forwarding.ts";
import { cidrOf, familyOfCidr } from "../../src/plugin/layer3.ts";
import type { BridgeConf } from "./config.ts";

/**
 * Puts the gateways on the host's interface of the network and lets the host forward. Shared: ensured, never undone.
 * @param on as it is with the container's port in it
 */
export async function ensureGateway(
  host: Kernel,
  on: Link,
  ips: readonly CniIp[],
  conf: Pick<BridgeConf, "forceAddress" | "dad">,
): Promise<void> {
  const families = new Set<4 | 6>();
  for (const ip of ips) {
    if (ip.gateway === undefined) continue;
    const family = familyOfCidr(ip.address);
    families.add(family);
    await ensureAddress(host, on, `${ip.gateway}/${cidrOf(ip.address).prefixLen}`, conf);
  }
  // A bridge that somebody else made may take its lowest port's address and change it with them: it keeps the present one.
  await host.link.set(on.index, { address: on.mac });
  for (const family of families) await enableForwarding(host, family);
}

async function ensureAddress(
  host: Kernel,
  on: Link,
  address: string,
  { forceAddress, dad }: { forceAddress: boolean; dad: boolean },
): Promise<void> {
  const family = familyOfCidr(address);
  for (const have of await host.addr.list(on.index)) {
    if (have.family !== family) continue;
    const text = `${have.address}/${have.prefixLen}`;
    if (sameCidr(text, address)) return;
    if (family === 6 && !overlaps(text, address)) continue;
    if (!forceAddress)
      throw new CniError(
        CNI_CODE.INVALID_NETWORK_CONFIG,
        `"${on.name}" already has an IP address different from ${address}: ${text}`,
        `remove it (ip addr del ${text} dev ${on.name}), give the network another bridge or subnet, or set "forceAddress": true`,
      );
    await host.addr.del(on.index, text);
  }
  try {
    await host.addr.add({ link: on.index, address, nodad: !dad });
  } catch (error) {
    // Another ADD was faster.
    if (!isNetlinkError(error, "EEXIST")) throw error;
  }
}

function sameCidr(a: string, b: string): boolean {
  const [x, y] = [parseCidr(a), parseCidr(b)];
  return x !== undefined && y !== undefined && formatCidr(x) === formatCidr(y);
}

function overlaps(a: string, b: string): boolean {
  const [x, y] = [parseCidr(a), parseCidr(b)];
  if (!x || !y) return false;
  const prefixLen = Math.min(x.prefixLen, y.prefixLen);
  return formatCidr(networkCidr({ ...x, prefixLen })) === formatCidr(networkCidr({ ...y, prefixLen }));
}
