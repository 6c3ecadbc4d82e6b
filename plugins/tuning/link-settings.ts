import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link, LinkChanges } from "../../src/kernel/link.ts";
import { IFF } from "../../src/netlink/rtnl/link.const.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import { announce, optional } from "../../src/plugin/sandbox.ts";
import type { LinkSettings } from "./config.ts";

export type SettingName = keyof LinkSettings;

/** In the reference's order. */
export const SETTING_NAMES = ["mac", "promisc", "mtu", "allmulti", "txQLen"] as const satisfies SettingName[];

/** What errors and CHECK call them. */
export const LABEL: Readonly<Record<SettingName, string>> = {
  mac: "hardware address",
  promisc: "promiscuous mode",
  mtu: "MTU",
  allmulti: "all-multicast mode",
  txQLen: "transmit queue length",
};

/** What a link is set to. A packet capture is promiscuous as well, but not by this flag. */
export const settingsOf = (link: Link): Required<LinkSettings> => ({
  mac: link.mac,
  promisc: (link.flags & IFF.PROMISC) !== 0,
  mtu: link.mtu,
  allmulti: (link.flags & IFF.ALLMULTI) !== 0,
  txQLen: link.txqlen ?? 0,
});

/** What of a link's settings is about to change, so that it can be put back. */
export function settingsBefore(link: Link, wanted: LinkSettings): LinkSettings {
  const now = settingsOf(link);
  return Object.fromEntries(SETTING_NAMES.flatMap((name) => (wanted[name] === undefined ? [] : [[name, now[name]]])));
}

const changesOf = ({ promisc, mtu, allmulti, txQLen }: LinkSettings, name: SettingName): LinkChanges =>
  ({ mac: {}, promisc: { promisc }, mtu: { mtu }, allmulti: { allmulticast: allmulti }, txQLen: { txqlen: txQLen } })[
    name
  ];

/** Changes one setting to what `values` has for it. */
export async function applySetting(
  sandbox: Kernel,
  link: Pick<Link, "index" | "name">,
  name: SettingName,
  values: LinkSettings,
): Promise<void> {
  if (name !== "mac") await sandbox.link.set(link.index, changesOf(values, name));
  else if (values.mac !== undefined) await changeMac(sandbox, link, values.mac);
}

/** CniError 7 for an MTU outside what the link's driver takes, before anything is changed. */
export function requireFittingMtu({ name, attrs }: Link, { mtu }: LinkSettings): void {
  const [min, max] = [attrs.minMtu ?? 0, attrs.maxMtu || Number.POSITIVE_INFINITY];
  if (mtu === undefined || (mtu >= min && mtu <= max)) return;
  throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `key "mtu": "${name}" takes ${min} to ${max} bytes, have ${mtu}`);
}

/**
 * Changes the hardware address and tells the neighbours, who would send to the old one for minutes: the kernel does so by
 * itself where these two parameters are set, which they need not stay.
 */
async function changeMac(sandbox: Kernel, { index, name }: Pick<Link, "index" | "name">, mac: string): Promise<void> {
  const keys = [`net/ipv4/conf/${name}/arp_notify`, `net/ipv6/conf/${name}/ndisc_notify`];
  const silent: string[] = [];
  for (const key of keys)
    await optional(async () => {
      if ((await sandbox.sysctl.get(key)) !== "0") return;
      await sandbox.sysctl.set(key, "1");
      silent.push(key);
    });
  try {
    await announce(sandbox, { index, name, mac });
  } catch (error) {
    throw unchangeable(name, error);
  } finally {
    for (const key of silent) await optional(() => sandbox.sysctl.set(key, "0"));
  }
}

/** What a driver's refusal means. */
function unchangeable(name: string, cause: unknown): unknown {
  const instead = "give it to the plugin that makes the interface (key or capability mac), or leave it";
  const refusal = (why: string): CniError =>
    new CniError(CNI_CODE.OPERATION_FAILED, `"${name}" ${why}`, instead, { cause });
  if (isNetlinkError(cause, "EBUSY")) return refusal("takes a hardware address only while it is down");
  // ipvlan, whose links share that of the link below, and ifb.
  if (isNetlinkError(cause, "EOPNOTSUPP"))
    return refusal("takes no other hardware address: links of its kind have none of their own");
  return cause;
}
