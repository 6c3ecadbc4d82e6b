import { parseConf } from "../../../ipam/host-local/config.ts";
import { readBootIdentity } from "../../../ipam/store/boot.ts";
import { readFolder } from "../../../ipam/store/folder.ts";
import { DEFAULT_DATA_DIR, layoutOf, leasePath } from "../../../ipam/store/layout.ts";
import { type Owner, parseOwner } from "../../../ipam/store/owner.ts";
import type { RangeSet } from "../../../ipam/store/ranges.ts";
import { hasRecord } from "../../../ipam/store/records.ts";
import type { StoreContext } from "../../../ipam/store/session.ts";
import { networksIn } from "../../../ipam/store/verbs.ts";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { parseConfig } from "../../cni/netconf.ts";
import type { NetworkList } from "../../cni/runtime/config-list.ts";
import { pluginStdin } from "../../cni/runtime/plugin-config.ts";
import { isCniVersion } from "../../cni/version.ts";
import { compareIp, type Ip } from "../../ip/index.ts";
import { cacheFolders, rememberedIn, tsboxLeases } from "../caches.ts";
import { networkFiles } from "../cni/networks.ts";
import { configFolder } from "../cni/options.ts";
import { absolutePath } from "../paths.ts";
import { cachedList } from "../repair/request.ts";
import { closest } from "../suggest.ts";
import type { Surroundings } from "../surroundings.ts";

export interface IpamOptions {
  readonly confDir?: string;
  readonly dataDir?: string;
  readonly cacheDir?: string;
  readonly json?: boolean;
}

/** A lease as it lies on disk. */
export interface BookLease {
  readonly ip: Ip;
  /** `undefined`: the file's content is no lease. */
  readonly owner: Owner | undefined;
  /** Made by us in this boot; others are the reference's, or of an unknown machine. */
  readonly recorded: boolean;
  /** Made a moment ago: its ADD may be under way, and nothing else of it be there yet. */
  readonly fresh: boolean;
}

/** The leases of one network, and what may be leased. */
export interface Book {
  readonly network: string;
  readonly store: StoreContext;
  readonly leases: readonly BookLease[];
  /** Of the network's configuration; `undefined` when there is none, or it has no ranges of its own. */
  readonly sets: readonly RangeSet[] | undefined;
}

/**
 * Every network with leases or with a configuration that uses host-local. Only looks: no lock is taken and nothing is given up,
 * so what changes meanwhile may be half in it.
 */
export function readBooks(s: Surroundings, options: IpamOptions): Book[] {
  const configured = configuredNetworks(s, options);
  const given = options.dataDir === undefined ? [dataDirOf(s, options), tsboxLeases(s)] : [dataDirOf(s, options)];
  const dataDirs = new Set([...given, ...[...configured.values()].map((c) => c.dataDir)]);
  const books = new Map<string, Book>();
  for (const dataDir of dataDirs)
    for (const network of networksIn(s.native, dataDir)) {
      const known = configured.get(network);
      if (known !== undefined && known.dataDir !== dataDir) continue;
      books.set(network, readBook(s, network, dataDir, known?.sets));
    }
  for (const [network, { dataDir, sets }] of configured)
    if (!books.has(network)) books.set(network, readBook(s, network, dataDir, sets));
  return [...books.values()].sort((a, b) => (a.network < b.network ? -1 : 1));
}

export const dataDirOf = (s: Surroundings, { dataDir }: IpamOptions): string =>
  absolutePath(s, dataDir ?? DEFAULT_DATA_DIR);

function readBook(
  { native }: Surroundings,
  network: string,
  dataDir: string,
  sets: readonly RangeSet[] | undefined,
): Book {
  const layout = layoutOf(dataDir, network);
  const identity = readBootIdentity(native);
  const leases = readFolder(native, layout)
    .map(({ ip, key }) => ({
      ip,
      owner: key === undefined ? undefined : parseOwner(key),
      recorded: hasRecord(native, layout, identity, ip),
      fresh: isFresh(native.stat(leasePath(layout, ip), false)?.mtimeNs),
    }))
    .sort((a, b) => compareIp(a.ip, b.ip));
  return { network, store: { files: native, layout }, leases, sets };
}

/** No ADD takes as long. */
const FRESH_MS = 60_000;

function isFresh(mtimeNs: bigint | undefined): boolean {
  return mtimeNs !== undefined && Math.abs(Date.now() - Number(mtimeNs / 1_000_000n)) < FRESH_MS;
}

/** The book of that name; when there is none, the error says which there are. */
export function bookOf(s: Surroundings, name: string, options: IpamOptions): Book {
  const books = readBooks(s, options);
  const found = books.find(({ network }) => network === name);
  if (found) return found;
  const names = books.map(({ network }) => network);
  const near = closest(name, names);
  const there = names.length === 0 ? "there is none at all" : `there are: ${names.join(", ")}`;
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    `no network "${name}" has leases or a configuration with host-local`,
    near === undefined ? there : `did you mean ${near}? ${there}`,
  );
}

interface Configured {
  readonly dataDir: string;
  readonly sets: readonly RangeSet[] | undefined;
}

/**
 * Networks whose addresses host-local gives: those of the configuration folder, and others as they were when a runtime attached
 * somebody to them. A broken configuration is no matter of these words.
 */
function configuredNetworks(s: Surroundings, options: IpamOptions): Map<string, Configured> {
  const found = new Map<string, Configured>();
  if (s.native.stat(configFolder(s, options), true)?.kind === "directory")
    for (const { network } of networkFiles(s, options))
      if (!(network instanceof CniError)) put(s, options, found, network);
  const remembered = new Map(
    rememberedIn(s, cacheFolders(s, options)).map((attachment) => [attachment.network, attachment]),
  );
  for (const [network, attachment] of remembered)
    if (!found.has(network)) unlessBroken(() => put(s, options, found, cachedList(attachment)));
  return found;
}

function put(s: Surroundings, options: IpamOptions, found: Map<string, Configured>, network: NetworkList): void {
  for (const plugin of network.plugins) {
    const ipam = plugin.raw["ipam"];
    if (typeof ipam !== "object" || ipam === null || Array.isArray(ipam) || ipam["type"] !== "host-local") continue;
    unlessBroken(() => {
      const stdin = pluginStdin(network, plugin, { prevResult: undefined, capabilityArgs: {} });
      const { raw, name, type, cniVersion } = parseConfig(stdin);
      if (!isCniVersion(cniVersion)) return;
      const conf = parseConf({ raw, name, type, cniVersion, prevResult: undefined }, { lenient: false });
      const dataDir = options.dataDir === undefined ? absolutePath(s, conf.dataDir) : dataDirOf(s, options);
      found.set(network.name, { dataDir, sets: conf.sets.length === 0 ? undefined : conf.sets });
    });
  }
}

function unlessBroken(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
  }
}
