import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { optional } from "../../src/plugin/sandbox.ts";
import type { BridgeConf, PortVlans } from "./config.ts";
import { usesVlans } from "./device.ts";

/** What the bridge does with the container's port beyond the kernel's defaults. */
export async function configurePort(host: Kernel, port: Link, conf: BridgeConf): Promise<void> {
  await optional(() => host.sysctl.set(`net/ipv6/conf/${port.name}/accept_ra`, "0"));
  if (conf.hairpin || conf.isolated)
    await host.link.setBridgePort(port.index, { hairpin: conf.hairpin, isolated: conf.isolated });
  if (usesVlans(conf)) await host.link.setBridgeVlans(port.index, portVlans(conf.vlans));
}

export interface PortVlan {
  vid: number;
  /** Last of a range. */
  end?: number;
  pvid?: boolean;
  untagged?: boolean;
}

/** The VLANs a port shall have, and no others. */
export function portVlans({ pvid, trunk, keepDefault }: PortVlans): PortVlan[] {
  const vlans: PortVlan[] = [];
  if (pvid !== 0) vlans.push({ vid: pvid, pvid: true, untagged: true });
  else vlans.push({ vid: 1, pvid: true, untagged: true });
  if (keepDefault && pvid > 1) vlans.push({ vid: 1, untagged: true });
  for (const { min, max } of trunk) vlans.push(min === max ? { vid: min } : { vid: min, end: max });
  return vlans;
}

/** The reference waits as long: at once, then after 50, 500, 1000 and 1000 ms. */
const PORT_UP_MS = 2_550;

/** A bridge forwards only through ports whose carrier the kernel has noticed. */
export async function waitForPort(host: Kernel, port: Link): Promise<void> {
  if (await host.link.waitUp(port.index, { timeoutMs: PORT_UP_MS })) return;
  const now = await host.link.get(port.index);
  throw new CniError(
    CNI_CODE.OPERATION_FAILED,
    `bridge port in error state: ${now?.operstate ?? "gone"}`,
    `port "${port.name}" of the bridge did not come up within ${PORT_UP_MS} ms`,
  );
}
