import { isSystemError } from "../../../native/load.ts";
import { readResult } from "../convert.ts";
import { CniError } from "../errors.ts";
import { compareBytes, decodeJsonObject, encodeJson, isObject } from "../json.ts";
import { fields } from "../keys.ts";
import type { CniResult, JsonObject } from "../types.ts";
import { ASSUMED_VERSION } from "../version.ts";
import type { RuntimeFiles } from "./host.ts";

/** One attachment's identity and what the runtime says about it. */
export interface Attachment {
  readonly containerId: string;
  readonly ifName: string;
  /** Path; empty when there is none (any more). */
  readonly netns: string;
  /** CNI_ARGS in their order. */
  readonly args: readonly (readonly [string, string])[];
  /** By capability; plugins get those they have switched on. */
  readonly capabilityArgs: JsonObject;
}

/** What libcni remembers of an attachment from ADD to DEL: file `<cacheDir>/results/<network>-<containerID>-<ifname>`. */
export interface CachedAttachment extends Attachment {
  readonly network: string;
  /** The whole list as it was at ADD. */
  readonly config: Uint8Array;
  /** The final result in its own form; `undefined` when the file has none. */
  readonly result: JsonObject | undefined;
}

const KIND = "cniCacheV1";
const MAX_CACHE_BYTES = 64 * 1024 * 1024;
const MAX_CACHE_FILES = 1_000_000;

/** Network names and container IDs have no `/` (specification 1.1.0), so the name is one file's. */
export function cachePath(cacheDir: string, network: string, containerId: string, ifName: string): string {
  return `${cacheDir}/results/${network}-${containerId}-${ifName}`;
}

/** Writes the file, 0600 in a folder made with 0700, whole or not at all. Byte for byte what libcni writes. */
export function saveAttachment(files: RuntimeFiles, cacheDir: string, cached: CachedAttachment): void {
  const sorted = (value: JsonObject): JsonObject => JSON.parse(encodeJson(value, { sorted: true }));
  const text = encodeJson({
    kind: KIND,
    containerId: cached.containerId,
    config: cached.config.toBase64(),
    ifName: cached.ifName,
    networkName: cached.network,
    netns: cached.netns === "" ? undefined : cached.netns,
    cniArgs: cached.args.length === 0 ? undefined : cached.args,
    capabilityArgs: Object.keys(cached.capabilityArgs).length === 0 ? undefined : sorted(cached.capabilityArgs),
    result: cached.result === undefined ? undefined : sorted(cached.result),
  });
  files.makeDirs(`${cacheDir}/results`, 0o700);
  const path = cachePath(cacheDir, cached.network, cached.containerId, cached.ifName);
  files.replaceFile(path, new TextEncoder().encode(text), 0o600);
}

/** Forgets an attachment; nothing there is fine. */
export function removeAttachment(files: RuntimeFiles, cacheDir: string, network: string, attachment: Attachment): void {
  try {
    files.removeFile(cachePath(cacheDir, network, attachment.containerId, attachment.ifName));
  } catch (error) {
    if (!isSystemError(error) || error.code !== "ENOENT") throw error;
  }
}

/**
 * The final result of an attachment's ADD, also from a file of the older form, which is the bare result. `undefined` when
 * there is no file or none with a result; throws CniError for one that cannot be understood.
 */
export function loadResult(
  files: RuntimeFiles,
  cacheDir: string,
  network: string,
  attachment: Attachment,
): CniResult | undefined {
  const raw = readJson(files, cachePath(cacheDir, network, attachment.containerId, attachment.ifName));
  if (raw === undefined) return undefined;
  if (raw["kind"] !== KIND) return readResult(raw, ASSUMED_VERSION, "cached result");
  const result = raw["result"];
  return isObject(result) ? readResult(result, ASSUMED_VERSION, "cached result") : undefined;
}

/**
 * All attachments in the cache, by file name; files of the older form say too little and are left out, as are files that
 * cannot be read, or whose name is not that of the attachment in them: forgetting it would not remove them.
 */
export function listAttachments(files: RuntimeFiles, cacheDir: string): CachedAttachment[] {
  const folder = `${cacheDir}/results`;
  if (files.stat(folder, true)?.kind !== "directory") return [];
  const found: CachedAttachment[] = [];
  for (const name of files.listDir(folder, MAX_CACHE_FILES).sort(compareBytes)) {
    const path = `${folder}/${name}`;
    const cached = tryLoad(files, path);
    if (cached === undefined) continue;
    if (cachePath(cacheDir, cached.network, cached.containerId, cached.ifName) === path) found.push(cached);
  }
  return found;
}

function tryLoad(files: RuntimeFiles, path: string): CachedAttachment | undefined {
  try {
    const raw = readJson(files, path);
    return raw === undefined ? undefined : parseCached(raw);
  } catch (error) {
    if (error instanceof CniError || error instanceof SyntaxError || isSystemError(error)) return undefined;
    throw error;
  }
}

function parseCached(raw: JsonObject): CachedAttachment | undefined {
  const file = fields(raw);
  const network = file.string("networkName") ?? "";
  const ifName = file.string("ifName") ?? "";
  if (file.string("kind") !== KIND || network === "" || ifName === "") return undefined;
  return {
    network,
    ifName,
    containerId: file.string("containerId") ?? "",
    netns: file.string("netns") ?? "",
    args: (file.list("cniArgs") ?? []).map(argPair).filter((pair) => pair !== undefined),
    capabilityArgs: file.object("capabilityArgs")?.raw ?? {},
    config: Uint8Array.fromBase64(file.string("config") ?? ""),
    result: file.object("result")?.raw,
  };
}

function argPair(value: unknown): readonly [string, string] | undefined {
  if (!Array.isArray(value)) return undefined;
  const [key, text]: unknown[] = value;
  return typeof key === "string" && typeof text === "string" ? [key, text] : undefined;
}

function readJson(files: RuntimeFiles, path: string): JsonObject | undefined {
  if (files.stat(path, true)?.kind !== "file") return undefined;
  return decodeJsonObject(files.readFile(path, MAX_CACHE_BYTES), `the cache file ${path}`);
}
