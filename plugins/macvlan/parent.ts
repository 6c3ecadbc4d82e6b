import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { defaultLink } from "../../src/plugin/default-link.ts";
import type { MacvlanConf } from "./config.ts";

type ParentConf = Pick<MacvlanConf, "master" | "linkInContainer" | "mtu">;

/** The link that the macvlan hangs on, found in its namespace. CniError 7 when there is none, or when it is too narrow. */
export async function findParent(home: Kernel, conf: ParentConf): Promise<Link> {
  const parent = conf.master === undefined ? await defaultLink(home) : await home.link.get(conf.master);
  const where = conf.linkInContainer ? "the container" : "the host";
  if (!parent)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      conf.master === undefined
        ? `no "master" is given, and ${where} has no default route whose interface could be it`
        : `master "${conf.master}": ${where} has no interface of that name`,
      'key "master" names the interface that the container shares; with "linkInContainer" it is looked for in the container',
    );
  if (parent.loopback)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `master "${parent.name}" is a loopback interface, which carries no macvlan`,
      'key "master" names an Ethernet interface',
    );
  if (conf.mtu > parent.mtu)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `key "mtu": need at most ${parent.mtu}, the MTU of master "${parent.name}", have ${conf.mtu}`,
      `ip link set ${parent.name} mtu ${conf.mtu}, or a smaller "mtu"`,
    );
  return parent;
}

/** A macvlan on a macvlan hangs on that one's own parent: so the kernel makes it. */
export const lowestIndex = (parent: Link): number | undefined =>
  parent.kind === "macvlan" || parent.kind === "macvtap" ? parent.peerIndex : parent.index;
