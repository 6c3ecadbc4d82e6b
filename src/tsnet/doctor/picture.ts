import { lookup } from "../../cni/keys.ts";
import type { CachedAttachment } from "../../cni/runtime/cache.ts";
import type { PluginConfig } from "../../cni/runtime/config-list.ts";
import type { CniIp, CniResult } from "../../cni/types.ts";
import { type Cidr, parseCidr } from "../../ip/index.ts";
import type { Link } from "../../kernel/link.ts";
import type { NetworkFile } from "../cni/networks.ts";
import type { Book } from "../ipam/books.ts";
import type { Remark, Snapshot } from "../look/index.ts";
import type { Finding } from "./finding.ts";

/** Everything that is judged, as it was read. Judging asks nothing else, so a picture can be made by hand. */
export interface Picture {
  /** The namespace that is the containers' host: the one the command was called in. */
  readonly host: Snapshot;
  /** What runtimes remember and is there. */
  readonly attachments: readonly Attached[];
  /** Those of which too little is remembered to judge them: why. */
  readonly notJudged: readonly Remark[];
  /** Ports of the host's bridges and what is at their other ends, also of others' making. */
  readonly neighbours: readonly Neighbour[];
  readonly networks: readonly NetworkFile[];
  readonly books: readonly Book[];
  /** Types of plugins that lists name and no folder of CNI_PATH has, with the file that names it. */
  readonly absentPlugins: readonly { readonly type: string; readonly path: string; readonly network: string }[];
  readonly pluginFolders: readonly string[];
  /** Addresses on links of namespaces other than the host's. */
  readonly addresses: ReadonlySet<string>;
  /** What looking itself has found wrong: leftovers, overlays that are not as planned. */
  readonly seen: readonly Finding[];
}

/** An attachment that stands: what was asked for, and what is there. */
export interface Attached {
  readonly cached: CachedAttachment;
  readonly result: CniResult;
  /** The first plugin of its list, as it was at ADD. */
  readonly main: PluginConfig;
  readonly plugins: readonly PluginConfig[];
  readonly sandbox: Snapshot;
  readonly inner: Link | undefined;
  readonly hostEnd: Link | undefined;
  /** Name of the bridge it belongs on; `undefined` when it belongs on none. */
  readonly bridgeName: string | undefined;
  readonly bridge: Link | undefined;
}

/** A namespace with a link whose other end is a port of a bridge of the host. */
export interface Neighbour {
  readonly bridge: number;
  readonly snapshot: Snapshot;
  readonly link: number;
}

/** For sentences: `web c1 eth0`. */
export const nameOf = ({ cached }: Pick<Attached, "cached">): string =>
  `${cached.network} ${cached.containerId} ${cached.ifName}`;

type Given = readonly { readonly ip: CniIp; readonly cidr: Cidr }[];

/** Every kind of fault asks for them. */
const GIVEN = new WeakMap<CniResult, Map<string, Given>>();

/** The addresses that ADD gave the container's interface. */
export function addressesOf({ result, cached }: Attached): Given {
  const known = GIVEN.get(result);
  const found = known?.get(cached.ifName);
  if (found) return found;
  const given = givenBy(result, cached.ifName);
  if (known) known.set(cached.ifName, given);
  else GIVEN.set(result, new Map([[cached.ifName, given]]));
  return given;
}

function givenBy(result: CniResult, ifName: string): Given {
  const at = result.interfaces?.findIndex((i) => i.name === ifName && i.sandbox) ?? -1;
  return (result.ips ?? []).flatMap((ip) => {
    const cidr = parseCidr(ip.address);
    return cidr && (ip.interface === undefined || at < 0 || ip.interface === at) ? [{ ip, cidr }] : [];
  });
}

/** A key of its main plugin's configuration that is switched on. */
export const isOn = ({ main }: Attached, key: string): boolean => lookup(main.raw, key) === true;

/** Whether the host routes for it. */
export const isRouted = (a: Attached): boolean =>
  a.main.type === "ptp" ||
  a.main.type === "vxlan" ||
  (a.main.type === "bridge" && (isOn(a, "isGateway") || isOn(a, "isDefaultGateway") || isOn(a, "ipMasq")));

/** Whether the host is its gateway. */
export const hasGateway = (a: Attached): boolean =>
  a.main.type === "ptp" ||
  a.main.type === "vxlan" ||
  (a.main.type === "bridge" && (isOn(a, "isGateway") || isOn(a, "isDefaultGateway")));

/** Where packets of the container come into the host. */
export const wayIn = (a: Attached): Link | undefined => (a.bridgeName === undefined ? a.hostEnd : a.bridge);

export const familyName = (family: 4 | 6): string => `IPv${family}`;
