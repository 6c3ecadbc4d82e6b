import { isSystemError } from "../../../native/load.ts";
import { CniError } from "../../cni/errors.ts";
import { findPlugin } from "../../cni/runtime/find.ts";
import type { Link } from "../../kernel/link.ts";
import { hostVethName, ownerOf } from "../../plugin/owner.ts";
import type { Census } from "../census.ts";
import { type NetworkFile, networkFiles } from "../cni/networks.ts";
import { pluginFolders } from "../cni/options.ts";
import type { GcOptions } from "../gc/find.ts";
import { readBooks } from "../ipam/books.ts";
import { type Look, lookAt, type Part, type Remark, readNamespace, type Snapshot } from "../look/index.ts";
import { cachedList, cachedResult } from "../repair/request.ts";
import type { Surroundings } from "../surroundings.ts";
import { ownNamespace } from "../target.ts";
import type { Finding } from "./finding.ts";
import { type Attached, type Neighbour, nameOf, type Picture } from "./picture.ts";
import { containerSysctls, hostSysctls } from "./sysctls.ts";

const OF_HOST: readonly Part[] = ["links", "addrs", "routes", "rules", "nft", "conntrack", "legacyTables"];
const OF_CONTAINER: readonly Part[] = ["links", "addrs", "routes", "rules"];

/** Reads everything that is judged. Changes nothing and sends nothing. */
export async function collect(
  s: Surroundings,
  options: GcOptions,
  { host, attachments: remembered }: Census,
  seen: readonly Finding[],
): Promise<Picture> {
  const own = host.namespaces.find((ns) => ns.own) ?? ownNamespace(s);
  const bare = await readNamespace(s, own, OF_HOST);
  const linksByName = new Map((bare.links ?? []).map((link) => [link.name, link]));
  const look = await lookAt(s, host.namespaces, OF_CONTAINER);
  const byIdentity = new Map(look.snapshots.map((snapshot) => [snapshot.namespace.identity, snapshot]));
  const attachments: Attached[] = [];
  const notJudged: Remark[] = [];
  for (const cached of remembered) {
    const identity = identityAt(s, cached.netns);
    const sandbox = identity === undefined ? undefined : byIdentity.get(identity);
    if (!sandbox || sandbox.namespace.own) continue;
    const one = await attached(s, linksByName, cached, sandbox);
    if (typeof one === "string") notJudged.push({ about: nameOf({ cached }), text: `is not judged: ${one}` });
    else attachments.push(one);
  }
  const hostSnapshot: Snapshot = { ...bare, sysctls: await hostSysctls(s, own, attachments) };
  const networks = networkFiles(s, options);
  const folders = pluginFolders(s, options);
  return {
    host: hostSnapshot,
    attachments,
    notJudged,
    neighbours: neighboursOf(look, hostSnapshot),
    networks,
    books: readBooks(s, options),
    absentPlugins: absentPlugins(s, networks, folders),
    pluginFolders: folders,
    addresses: new Set(
      look.snapshots.flatMap(({ namespace, addrs }) => (namespace.own ? [] : (addrs ?? []).map((a) => a.address))),
    ),
    seen,
  };
}

function identityAt({ native }: Surroundings, path: string): string | undefined {
  if (path === "") return undefined;
  try {
    const fd = native.netnsOpen(path);
    try {
      return native.netnsIdentity(fd);
    } finally {
      native.closeFd(fd);
    }
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/** Or why it cannot be judged. */
async function attached(
  s: Surroundings,
  hostLinks: ReadonlyMap<string, Link>,
  cached: Attached["cached"],
  bare: Snapshot,
): Promise<Attached | string> {
  try {
    const result = cachedResult(cached);
    const { plugins } = cachedList(cached);
    const [main] = plugins;
    if (!result || !main) return "its runtime kept no result of ADD";
    const bridgeName = bridgeOf(main, result.interfaces?.[0]?.name);
    const bridge = bridgeName === undefined ? undefined : hostLinks.get(bridgeName);
    return {
      cached,
      result,
      main,
      plugins,
      sandbox: { ...bare, sysctls: await containerSysctls(s, bare.namespace, cached) },
      inner: bare.links?.find((link) => link.name === cached.ifName),
      hostEnd: hostLinks.get(hostVethName(ownerOf(cached))),
      bridgeName,
      bridge: bridge?.kind === "bridge" ? bridge : undefined,
    };
  } catch (error) {
    if (error instanceof CniError) return error.message;
    throw error;
  }
}

/** Results name the bridge first. */
function bridgeOf({ type, raw }: Attached["main"], first: string | undefined): string | undefined {
  if (type !== "bridge" && type !== "vxlan") return undefined;
  const { bridge } = raw;
  return typeof bridge === "string" && bridge !== "" ? bridge : (first ?? undefined);
}

function neighboursOf(look: Look, host: Snapshot): Neighbour[] {
  const bridges = new Set((host.links ?? []).filter(({ kind }) => kind === "bridge").map(({ index }) => index));
  const ports: Link[] = (host.links ?? []).filter(({ master }) => master !== undefined && bridges.has(master));
  const byIdentity = new Map(look.snapshots.map((snapshot) => [snapshot.namespace.identity, snapshot]));
  return ports.flatMap((port): Neighbour[] => {
    const peer = look.peerOf(host.namespace.identity, port);
    const snapshot = peer?.namespace && byIdentity.get(peer.namespace.identity);
    if (!peer || !snapshot || snapshot.namespace.own || port.master === undefined) return [];
    return [{ bridge: port.master, snapshot, link: peer.index }];
  });
}

function absentPlugins(
  s: Surroundings,
  networks: readonly NetworkFile[],
  folders: readonly string[],
): Picture["absentPlugins"] {
  const absent: { type: string; path: string; network: string }[] = [];
  for (const { path, network } of networks) {
    if (network instanceof CniError) continue;
    const types = network.plugins.flatMap(({ type, raw: { ipam } }) => {
      const inner = typeof ipam === "object" && ipam !== null && !Array.isArray(ipam) ? ipam["type"] : undefined;
      return typeof inner === "string" && inner !== "" ? [type, inner] : [type];
    });
    for (const type of new Set(types))
      if (!isThere(s, type, folders)) absent.push({ type, path, network: network.name });
  }
  return absent;
}

function isThere({ native }: Surroundings, type: string, folders: readonly string[]): boolean {
  try {
    findPlugin(native, type, folders);
    return true;
  } catch (error) {
    if (error instanceof CniError) return false;
    throw error;
  }
}
