import { CNI_CODE, CniError } from "../cni/errors.ts";
import type { AttachmentRequest, CniInterface, CniIp, CniResult, NetworkConfig } from "../cni/types.ts";
import { formatCidr, formatIp, networkCidr, parseIp } from "../ip/index.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Link } from "../kernel/link.ts";
import type { Route } from "../kernel/route.ts";
import { attachmentOf } from "./attachment.ts";
import { isForwarding } from "./forwarding.ts";
import { cidrOf, familyOfCidr, isDefault } from "./layer3.ts";
import { hostVethName, ownerOf } from "./owner.ts";

/** CHECK found something that is not as ADD left it. */
export function checkFailed(what: string, details = "DEL the attachment and ADD it again"): CniError {
  return new CniError(CNI_CODE.CHECK_FAILED, what, details);
}

/** The container's interface as prevResult lists it. */
export function containerInterface(req: AttachmentRequest<NetworkConfig>): CniInterface {
  const found = interfacesOf(req).find((i) => i.name === req.ifName && i.sandbox !== undefined && i.sandbox !== "");
  if (!found)
    throw checkFailed(
      `prevResult lists no interface "${req.ifName}" in a sandbox`,
      "the runtime passes ADD's result on",
    );
  if (found.sandbox !== req.netns)
    throw checkFailed(
      `prevResult has "${req.ifName}" in ${found.sandbox}, CHECK was called for ${req.netns}`,
      "the namespace of a container does not change between ADD and CHECK",
    );
  return found;
}

export const interfacesOf = (req: AttachmentRequest<NetworkConfig>): CniInterface[] =>
  req.conf.prevResult?.interfaces ?? [];

/** The addresses of this attachment in prevResult. */
export function ownIps(req: AttachmentRequest<NetworkConfig>): CniIp[] {
  const index = interfacesOf(req).findIndex((i) => i.name === req.ifName && i.sandbox);
  return (req.conf.prevResult?.ips ?? []).filter((ip) => ip.interface === undefined || ip.interface === index);
}

/** A link that must be there, of this kind and with this hardware address. */
export async function checkLink(
  kernel: Kernel,
  expected: { name: string; mac?: string | undefined; kind: string; where: string },
): Promise<Link> {
  const link = await kernel.link.get(expected.name);
  if (!link) throw checkFailed(`${expected.where}: link "${expected.name}" is missing`);
  if (link.kind !== expected.kind)
    throw checkFailed(
      `${expected.where}: link "${expected.name}" is of kind ${link.kind ?? "device"}, not ${expected.kind}`,
    );
  if (expected.mac !== undefined && expected.mac.toLowerCase() !== link.mac)
    throw checkFailed(
      `${expected.where}: link "${expected.name}" has hardware address ${link.mac}, ADD left it with ${expected.mac}`,
    );
  return link;
}

/**
 * The host's end of the container's veth pair: ours by its derived name, the reference's by prevResult.
 * @param except a link of the host that prevResult lists too and that is not it
 */
export async function checkPair(
  req: AttachmentRequest<NetworkConfig>,
  host: Kernel,
  inside: Link,
  except?: string,
): Promise<Link> {
  const derived = hostVethName(ownerOf(attachmentOf(req)));
  const hosts = interfacesOf(req).filter((i) => !i.sandbox && i.name !== except);
  const listed = hosts.find((i) => i.name === derived) ?? hosts.find((i) => i.name.startsWith("veth"));
  if (!listed) throw checkFailed("prevResult lists no host end of the veth pair", "the runtime passes ADD's result on");
  const end = await checkLink(host, { ...listed, kind: "veth", where: "host" });
  if (end.peerIndex !== inside.index || inside.peerIndex !== end.index)
    throw checkFailed(`"${end.name}" on the host and "${inside.name}" in the container are not two ends of one pair`);
  return end;
}

export async function checkForwarding(host: Kernel, family: 4 | 6): Promise<void> {
  if (await isForwarding(host, family)) return;
  throw checkFailed(
    `the host does not forward IPv${family}`,
    "sysctl -w net.ipv4.ip_forward=1, or net.ipv6.conf.all.forwarding=1",
  );
}

/** linux/rtnetlink.h, `RT_TABLE_MAIN`. */
const RT_TABLE_MAIN = 254;

/** Every address of prevResult that belongs to the interface stands on it, and every route of prevResult is there. */
export async function checkLayer3(sandbox: Kernel, link: Link, result: CniResult): Promise<void> {
  const index = result.interfaces?.findIndex((i) => i.name === link.name && i.sandbox !== undefined) ?? -1;
  const addresses = await sandbox.addr.list(link.index);
  for (const ip of result.ips ?? []) {
    if (ip.interface !== undefined && ip.interface !== index) continue;
    const wanted = cidrOf(ip.address);
    const text = formatIp(wanted.ip);
    if (!addresses.some((a) => a.address === text && a.prefixLen === wanted.prefixLen))
      throw checkFailed(`address ${ip.address} is missing on "${link.name}"`);
  }
  const expected = result.routes ?? [];
  const routes: Route[] = [];
  for (const family of new Set(expected.map((route) => familyOfCidr(route.dst))))
    for (const table of new Set(expected.map((route) => route.table ?? RT_TABLE_MAIN)))
      routes.push(...(await sandbox.route.list({ family, table })));
  for (const route of expected) {
    const dst = formatCidr(networkCidr(cidrOf(route.dst)));
    const family = familyOfCidr(dst);
    const gw = route.gw === undefined ? undefined : parseIp(route.gw);
    const found = routes.some(
      (r) =>
        r.family === family &&
        r.dst === dst &&
        r.table === (route.table ?? RT_TABLE_MAIN) &&
        (gw === undefined || isDefault(route) || r.gw === formatIp(gw)),
    );
    if (!found) throw checkFailed(`route ${dst}${route.gw ? ` via ${route.gw}` : ""} is missing in the container`);
  }
}
