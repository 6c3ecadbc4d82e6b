import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { formatIp, type Ip, ipBits } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { errnoCode } from "../../src/plugin/errors.ts";

/**
 * firewalld ends its forward chain with a reject of its own, so it is told: the container's address becomes a source of a
 * zone that lets everything pass. firewalld.dbus(5), interface org.fedoraproject.FirewallD1.zone. Not permanent: a reload
 * of firewalld forgets it, as it forgets what the reference plugin adds.
 */
const NAME = "org.fedoraproject.FirewallD1";
const ZONES = { destination: NAME, path: "/org/fedoraproject/FirewallD1", interface: `${NAME}.zone` } as const;

export const firewalldRuns = ({ bus }: Kernel): Promise<boolean> => bus.has(NAME);

const sourceOf = (ip: Ip): string => `${formatIp(ip)}/${ipBits(ip.family)}`;

/** @returns whether it was not there before */
export async function addSource(host: Kernel, zone: string, ip: Ip): Promise<boolean> {
  return (await ask(host, "addSource", zone, ip, "ZONE_ALREADY_SET")) !== undefined;
}

/** Content with a source that is not there, or in another zone: that is not ours. */
export async function removeSource(host: Kernel, zone: string, ip: Ip): Promise<void> {
  await ask(host, "removeSource", zone, ip, "UNKNOWN_SOURCE", "ZONE_CONFLICT", "INVALID_ZONE");
}

export const hasSource = async (host: Kernel, zone: string, ip: Ip): Promise<boolean> =>
  (await ask(host, "querySource", zone, ip)) === true;

/** firewalld begins its refusals with a word; those in `fine` give `undefined`. */
async function ask(host: Kernel, member: string, zone: string, ip: Ip, ...fine: readonly string[]) {
  const source = sourceOf(ip);
  try {
    return (await host.bus.call({ ...ZONES, member, args: [zone, source] })) ?? "";
  } catch (error) {
    // What the system says has a code of its own already.
    if (!(error instanceof Error) || error instanceof CniError || errnoCode(error) !== undefined) throw error;
    const [, word = ""] = /\): ([A-Z_]+)/.exec(error.message) ?? [];
    if (fine.includes(word)) return undefined;
    throw new CniError(
      word === "INVALID_ZONE" ? CNI_CODE.INVALID_NETWORK_CONFIG : CNI_CODE.OPERATION_FAILED,
      `firewalld did not take ${member} of ${source} in zone ${JSON.stringify(zone)}`,
      `${error.message}; zones: firewall-cmd --get-zones, key "firewalldZone"`,
      { cause: error },
    );
  }
}

/** Key `backend` may ask for it. */
export function notRunning(code: number): CniError {
  return new CniError(
    code,
    'key "backend": firewalld does not run',
    'start firewalld, or leave "backend" out: then firewalld is used where it runs',
  );
}
