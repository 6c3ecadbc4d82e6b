import { CNI_CODE, CniError } from "../cni/errors.ts";
import type { CniIp } from "../cni/types.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Link } from "../kernel/link.ts";
import type { RouteSpec } from "../kernel/route.ts";
import { errnoCode } from "./errors.ts";
import { familyOfCidr, firstGateway } from "./layer3.ts";

/** Before anything is made: a plugin that gives the container an interface finds its name free. */
export async function refuseTakenName(sandbox: Kernel, ifName: string): Promise<void> {
  if (!(await sandbox.link.get(ifName))) return;
  throw new CniError(
    CNI_CODE.INVALID_ENVIRONMENT,
    `CNI_IFNAME: the container already has an interface "${ifName}"`,
    "DEL the earlier attachment first, or attach under another name",
  );
}

/** The interface that was just made. */
export async function linkNamed(sandbox: Kernel, ifName: string): Promise<Link> {
  const link = await sandbox.link.get(ifName);
  if (link) return link;
  throw new CniError(CNI_CODE.OPERATION_FAILED, `"${ifName}" vanished from the container while it was being set up`);
}

/** The interface that gets addresses, inside its sandbox. */
export interface SandboxLink {
  readonly name: string;
  readonly index: number;
}

export interface SandboxOptions {
  /** Leave IPv6 duplicate-address detection on: the addresses are tentative for a second or two. */
  readonly dad: boolean;
  /** In place of the routes to the addresses' prefixes that the kernel makes by itself. */
  readonly prefixRoutes?: readonly RouteSpec[];
}

/**
 * Addresses, link up, routes: one exchange with the kernel. Routes without a gateway of their own get the family's first
 * one, as in the reference, but those of scope link or host have none; also as there, a container's second network may
 * bring a default route that the first one brought already.
 */
export async function configureSandbox(
  sandbox: Kernel,
  link: SandboxLink,
  { ips, routes }: { readonly ips: readonly CniIp[]; readonly routes: readonly RouteSpec[] },
  { dad, prefixRoutes }: SandboxOptions,
): Promise<void> {
  const hasIpv6 = ips.some((ip) => familyOfCidr(ip.address) === 6);
  await prepareSysctls(sandbox, link.name, { hasIpv6, dad });
  await sandbox.commit(
    ...ips.map(({ address }) =>
      sandbox.addr.adding({ link: link.index, address, nodad: !dad, noPrefixRoute: prefixRoutes !== undefined }),
    ),
    sandbox.link.setting(link.index, { up: true }),
    ...(prefixRoutes ?? []).map((route) => sandbox.route.prepending({ ...route, oif: link.index })),
    ...routes.map((route) => {
      const gw = route.scope ? undefined : firstGateway(ips, familyOfCidr(route.dst));
      return sandbox.route.prepending({ ...route, gw: route.gw ?? gw, oif: link.index });
    }),
  );
}

/**
 * Tells the neighbours of the link's addresses: gratuitous ARP (`arp_notify`) and unsolicited neighbour advertisements
 * (`ndisc_notify`). The kernel does that when the link goes up, but a bridge's port does not forward yet at that moment;
 * it does it again when the hardware address is set, be it the same.
 */
export async function announce(sandbox: Kernel, link: SandboxLink & { readonly mac: string }): Promise<void> {
  await sandbox.link.set(link.index, { address: link.mac });
}

async function prepareSysctls(sandbox: Kernel, ifName: string, has: { hasIpv6: boolean; dad: boolean }): Promise<void> {
  // Older kernels and containers without IPv6 lack some of these; what announces or tunes is not worth failing for.
  await optional(() => sandbox.sysctl.set(`net/ipv4/conf/${ifName}/arp_notify`, "1"));
  if (!has.hasIpv6) return;
  for (const name of ["lo", ifName]) await enableIpv6(sandbox, name);
  await sandbox.sysctl.set(`net/ipv6/conf/${ifName}/keep_addr_on_down`, "1");
  await optional(() => sandbox.sysctl.set(`net/ipv6/conf/${ifName}/ndisc_notify`, "1"));
  await optional(() => sandbox.sysctl.set(`net/ipv6/conf/${ifName}/accept_dad`, has.dad ? "1" : "0"));
  if (has.dad) await optional(() => sandbox.sysctl.set(`net/ipv6/conf/${ifName}/enhanced_dad`, "1"));
}

/** Runtimes start containers with IPv6 off; an IPv6 address in the config says that it is wanted. */
async function enableIpv6(sandbox: Kernel, ifName: string): Promise<void> {
  const key = `net/ipv6/conf/${ifName}/disable_ipv6`;
  try {
    if ((await sandbox.sysctl.get(key)) !== "0") await sandbox.sysctl.set(key, "0");
  } catch (error) {
    if (errnoCode(error) === "ENOENT")
      throw new CniError(
        CNI_CODE.OPERATION_FAILED,
        `cannot give ${ifName} an IPv6 address: this kernel runs without IPv6`,
        "boot without ipv6.disable=1, or leave IPv6 ranges out of the network's configuration",
        { cause: error },
      );
    throw error;
  }
}

/** Does something whose failure changes nothing that was promised. */
export async function optional(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (errnoCode(error) === undefined) throw error;
  }
}

/** Time limit of the reference for duplicate-address detection. */
export const SETTLE_MS = 5_000;

/**
 * Waits until no address of the link is tentative any more, at most `timeoutMs`. CniError 100 for an address that
 * somebody else has (duplicate-address detection failed).
 */
export async function settleAddresses(sandbox: Kernel, link: SandboxLink, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const addresses = (await sandbox.addr.list(link.index)).filter((a) => a.family === 6);
    const failed = addresses.find((a) => a.dadFailed);
    if (failed)
      throw new CniError(
        CNI_CODE.OPERATION_FAILED,
        `${failed.address} on ${link.name} is in use by another host (duplicate-address detection failed)`,
        "find the other holder on this segment, or give the network another range",
      );
    if (!addresses.some((a) => a.tentative) || performance.now() >= deadline) return;
    await Bun.sleep(50);
  }
}
