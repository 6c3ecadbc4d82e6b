import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { formatIp, type Ip, ipBits } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { nftLookup } from "../../src/kernel/nft.ts";
import { errnoCode } from "../../src/plugin/errors.ts";

/**
 * firewalld ends its forward chain with a reject of its own, so it is told: the container's address becomes a source of a
 * zone that lets everything pass. firewalld.dbus(5), interface org.fedoraproject.FirewallD1.zone. Not permanent: a reload
 * of firewalld forgets it, as it forgets what the reference plugin adds.
 */
const NAME = "org.fedoraproject.FirewallD1";
const ZONES = { destination: NAME, path: "/org/fedoraproject/FirewallD1", interface: `${NAME}.zone` } as const;

/**
 * Whether to tell firewalld. Where nothing of it is in the rule set it does not filter, and nobody is asked: the bus belongs
 * to somebody else, and may take its time.
 * @param insists the config asks for firewalld: the bus is asked whatever the rule set says
 * @throws CniError 100 where the system's message bus cannot be understood, what is late has its errno
 */
export async function firewalldRuns(host: Kernel, insists = false): Promise<boolean> {
  if (!(await host.bus.exists())) return false;
  if (!insists && !(await hasRules(host))) return false;
  try {
    return await host.bus.has(NAME);
  } catch (error) {
    throw known(error) ?? failed("cannot ask the system's message bus whether firewalld runs", error);
  }
}

/**
 * What firewalld leaves as long as it filters: a table `firewalld` (back-end nftables: `inet` since 1.0, of each family before),
 * a chain in iptables' table `filter`, or something in legacy iptables, which netlink does not show.
 */
async function hasRules({ nft }: Kernel): Promise<boolean> {
  const [inet, ip, direct] = await nft.find(
    nftLookup.table({ family: "inet", table: "firewalld" }),
    nftLookup.table({ family: "ip", table: "firewalld" }),
    nftLookup.chain({ family: "ip", table: "filter" }, "FORWARD_direct"),
  );
  if (inet !== undefined || ip !== undefined || direct !== undefined) return true;
  return (await nft.legacyTables()).includes("filter");
}

/** What the system or we ourselves say has a code of its own already. */
const known = (error: unknown): unknown =>
  !(error instanceof Error) || error instanceof CniError || errnoCode(error) !== undefined ? error : undefined;

const failed = (what: string, cause: unknown, code: number = CNI_CODE.OPERATION_FAILED, hint = ""): CniError =>
  new CniError(code, what, `${cause instanceof Error ? cause.message : String(cause)}${hint}`, { cause });

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
    if (known(error)) throw error;
    const [, word = ""] = /\): ([A-Z_]+)/.exec(String(error)) ?? [];
    if (fine.includes(word)) return undefined;
    throw failed(
      `firewalld did not take ${member} of ${source} in zone ${JSON.stringify(zone)}`,
      error,
      word === "INVALID_ZONE" ? CNI_CODE.INVALID_NETWORK_CONFIG : undefined,
      '; zones: firewall-cmd --get-zones, key "firewalldZone"',
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
