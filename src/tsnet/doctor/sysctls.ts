import { isSystemError } from "../../../native/load.ts";
import { CannotOpen, type Namespace, openNamespace } from "../look/index.ts";
import { readOne } from "../look/sysctls.ts";
import type { Surroundings } from "../surroundings.ts";
import { type Attached, wayIn } from "./picture.ts";

/** Of the host's own namespace, for all links. */
const GLOBAL = [
  "net/ipv4/ip_forward",
  "net/ipv4/conf/all/rp_filter",
  "net/ipv6/conf/all/forwarding",
  "net/bridge/bridge-nf-call-iptables",
  "net/bridge/bridge-nf-call-ip6tables",
];

/** What is judged of the host: each is a system call in a namespace, so only of links that containers' packets come in by. */
export async function hostSysctls(
  s: Surroundings,
  own: Namespace,
  attachments: readonly Attached[],
): Promise<ReadonlyMap<string, string>> {
  const links = new Set(attachments.flatMap((a) => wayIn(a)?.name ?? []));
  const keys = [...links].flatMap((name) => [
    `net/ipv4/conf/${name}/forwarding`,
    `net/ipv4/conf/${name}/rp_filter`,
    `net/ipv6/conf/${name}/disable_ipv6`,
  ]);
  return await read(s, own, [...GLOBAL, ...keys]);
}

/** The same of a container's interface; its check of source addresses matters where something is published. */
export async function containerSysctls(
  s: Surroundings,
  namespace: Namespace,
  { ifName, capabilityArgs: { portMappings } }: Attached["cached"],
): Promise<ReadonlyMap<string, string>> {
  const isPublic = Array.isArray(portMappings) && portMappings.length > 0;
  const check = isPublic ? ["net/ipv4/conf/all/rp_filter", `net/ipv4/conf/${ifName}/rp_filter`] : [];
  return await read(s, namespace, [`net/ipv6/conf/${ifName}/disable_ipv6`, ...check]);
}

/** Those that are not there, or whose namespace is gone, are left out. */
async function read(s: Surroundings, namespace: Namespace, keys: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  try {
    await using kernel = await openNamespace(s, namespace);
    for (const key of keys) {
      const value = await readOne(kernel, key);
      if (value !== undefined) found.set(key, value);
    }
  } catch (error) {
    if (!(error instanceof CannotOpen) && !isSystemError(error)) throw error;
  }
  return found;
}
