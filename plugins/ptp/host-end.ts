import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { formatIp } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { RTN } from "../../src/netlink/rtnl/route.const.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import { checkFailed } from "../../src/plugin/check.ts";
import { optional } from "../../src/plugin/sandbox.ts";
import { gatewaysOf, type Hop, hostRoute } from "./routing.ts";

/** The host's end: up, with the gateways' addresses, and with a route to each address of the container. */
export async function configureHostEnd(host: Kernel, end: Link, hops: readonly Hop[]): Promise<void> {
  for (const hop of hops) await refuseOwnAddress(host, hop);
  await optional(() => host.sysctl.set(`net/ipv6/conf/${end.name}/accept_ra`, "0"));
  // Its link-local address is nobody else's, and until it is settled the host cannot ask for the container's neighbours.
  await optional(() => host.sysctl.set(`net/ipv6/conf/${end.name}/accept_dad`, "0"));
  try {
    await host.commit(
      host.link.setting(end.index, { up: true }),
      ...gatewaysOf(hops).map((address) =>
        host.addr.adding({ link: end.index, address, nodad: true, noPrefixRoute: true }),
      ),
      ...hops.map((hop) => host.route.adding(hostRoute(hop, end.index))),
    );
  } catch (error) {
    if (isNetlinkError(error, "EEXIST")) throw (await takenBy(host, end, hops, error)) ?? error;
    throw error;
  }
}

/** The host's own addresses count before any route: a container that had one would never be reached. */
async function refuseOwnAddress(host: Kernel, { address }: Hop): Promise<void> {
  const text = formatIp(address);
  let type: number;
  try {
    ({ type } = await host.route.get(text));
  } catch (error) {
    // No way there yet, as it should be; or a route that refuses (blackhole, unreachable, prohibit), which ours comes before.
    if (isNetlinkError(error, "ENETUNREACH", "EINVAL", "EHOSTUNREACH", "EACCES")) return;
    throw error;
  }
  if (type !== RTN.LOCAL && type !== RTN.BROADCAST && type !== RTN.ANYCAST) return;
  throw new CniError(
    CNI_CODE.TRY_AGAIN_LATER,
    `the container's address ${text} is ${type === RTN.LOCAL ? "the host's own" : "one of all hosts on a link of the host"}`,
    "leave it out of the IPAM plugin's range, or give the network a prefix of its own",
  );
}

/** Another container's link has the route: an address cannot lead to two. */
async function takenBy(host: Kernel, end: Link, hops: readonly Hop[], cause: Error): Promise<CniError | undefined> {
  const routes = await host.route.list();
  for (const hop of hops) {
    const other = routes.find((route) => route.dst === hop.host && route.oif !== end.index);
    const link = other?.oif === undefined ? undefined : await host.link.get(other.oif);
    if (other)
      return new CniError(
        CNI_CODE.TRY_AGAIN_LATER,
        `the host already has a route to ${hop.host}${link ? `, through "${link.name}"` : ""}`,
        `${link?.alias ?? cause.message}; DEL the attachment that has the address first`,
        { cause },
      );
  }
  return undefined;
}

export async function checkHostEnd(host: Kernel, end: Link, hops: readonly Hop[]): Promise<void> {
  if (!end.up) throw checkFailed(`"${end.name}" is down`, `ip link set ${end.name} up`);
  const addresses = (await host.addr.list(end.index)).map(({ address, prefixLen }) => `${address}/${prefixLen}`);
  for (const gateway of gatewaysOf(hops))
    if (!addresses.includes(gateway)) throw checkFailed(`gateway address ${gateway} is missing on "${end.name}"`);
  const routes = await host.route.list({ oif: end.index });
  for (const hop of hops)
    if (!routes.some((route) => route.dst === hop.host && route.oif === end.index))
      throw checkFailed(`the host's route to ${hop.host} through "${end.name}" is missing`);
}

/** Puts back what `checkHostEnd` misses. */
export async function restoreHostEnd(host: Kernel, end: Link, hops: readonly Hop[]): Promise<void> {
  await host.link.set(end.index, { up: true });
  for (const address of gatewaysOf(hops))
    await host.addr.replace({ link: end.index, address, nodad: true, noPrefixRoute: true });
  for (const hop of hops) await host.route.replace(hostRoute(hop, end.index));
}
