import { bytesOf, isErrno, readIfThere, removeIfThere } from "../../ipam/store/files.ts";
import { CniError } from "../../src/cni/errors.ts";
import { decodeJsonObject, encodeJson } from "../../src/cni/json.ts";
import { type Fields, fields } from "../../src/cni/keys.ts";
import { type Attachment, type Owner, ownerOf } from "../../src/plugin/owner.ts";
import type { LinkSettings } from "./config.ts";
import type { Files } from "./files.ts";

/** What an attachment's interface and namespace were before ADD, on disk in the reference's form with a part of our own. */
export interface Before {
  readonly settings: LinkSettings;
  /** Absent in the reference's records. */
  readonly ours: OurPart | undefined;
}

interface OurPart {
  readonly owner: Owner;
  /** Path and identity of the namespace: a path may lead elsewhere by the time of DEL. */
  readonly netns: string;
  readonly identity: string;
  /** Index of the interface there. */
  readonly link: number;
  /** Below /proc/sys, in the order in which they were set. */
  readonly sysctls: readonly (readonly [at: string, was: string])[];
}

const MAX_BYTES = 1 << 20;
/** NAME_MAX, linux/limits.h. */
const MAX_NAME_BYTES = 255;

/**
 * The names under which an attachment's record may stand: the reference's, where the file system can hold that, and one of
 * our own for when the other is taken: it does not tell the network, nor `b_c` of container `a` from `c` of `a_b`.
 */
function recordNames(attachment: Attachment): string[] {
  const reference = `${attachment.containerId}_${attachment.ifName}.json`;
  const own = `tsnet-${ownerOf(attachment).attachment}.json`;
  return bytesOf(reference).length > MAX_NAME_BYTES ? [own] : [reference, own];
}

/** The attachment's records, by their paths; the reference's, which name nobody, are taken for its own. */
export function recordsOf(files: Files, folder: string, attachment: Attachment): { path: string; record: Before }[] {
  const { attachment: hash } = ownerOf(attachment);
  return recordNames(attachment).flatMap((name) => {
    const path = `${folder}/${name}`;
    const record = readRecord(files, path);
    return record && (!record.ours || record.ours.owner.attachment === hash) ? [{ path, record }] : [];
  });
}

/** A record by its path; `undefined` when it is absent. One that says nothing (cut by a crash) is empty. */
export function readRecord(files: Files, path: string): Before | undefined {
  const text = readIfThere(files, path, MAX_BYTES);
  return text === undefined ? undefined : parseRecord(text);
}

function parseRecord(text: string): Before {
  try {
    const f = fields(decodeJsonObject(text, "the record"), "", true);
    return { settings: settingsOf(f), ours: oursOf(f.object("tsnet")) };
  } catch (error) {
    if (error instanceof CniError) return { settings: {}, ours: undefined };
    throw error;
  }
}

function settingsOf(f: Fields): LinkSettings {
  const [mac, promisc, mtu] = [f.string("mac"), f.bool("promisc"), f.int("mtu", { min: 1 })];
  const [allmulti, txQLen] = [f.bool("allmulti"), f.int("txQLen", { min: 0 })];
  return {
    ...(mac && { mac }),
    ...(promisc !== undefined && { promisc }),
    ...(mtu !== undefined && { mtu }),
    ...(allmulti !== undefined && { allmulti }),
    ...(txQLen !== undefined && { txQLen }),
  };
}

function oursOf(f: Fields | undefined): OurPart | undefined {
  const [network, attachment] = [f?.string("network"), f?.string("attachment")];
  if (!f || network === undefined || attachment === undefined) return undefined;
  const pairs = Object.entries(f.object("sysctl")?.raw ?? {});
  return {
    owner: { network, attachment },
    netns: f.string("netns") ?? "",
    identity: f.string("identity") ?? "",
    link: f.int("link") ?? 0,
    sysctls: pairs.flatMap(([at, was]) => (typeof was === "string" ? [[at, was] as const] : [])),
  };
}

/** Byte for byte as the reference writes what it knows of; it passes over the rest. */
function formatRecord({ settings, ours }: Before): string {
  const { mac, promisc, mtu, allmulti, txQLen } = settings;
  const tsnet = ours && {
    ...ours.owner,
    netns: ours.netns,
    identity: ours.identity,
    link: ours.link,
    sysctl: Object.fromEntries(ours.sysctls),
  };
  return encodeJson({ mac, promisc, mtu, allmulti, txQLen, tsnet }, { indent: true });
}

/** Where a record stands, and what stood there before. */
export interface Written {
  readonly path: string;
  readonly earlier: Before | undefined;
}

/** How often another attachment's record may come in between. */
const TRIES = 3;

/**
 * Writes an attachment's record, whole or not at all. Where there is one of an earlier ADD of it, `merge` says what of both
 * counts. Makes the folder when it is absent.
 */
export function writeRecord(
  files: Files,
  folder: string,
  attachment: Attachment,
  merge: (earlier: Before | undefined) => Before,
): Written {
  for (let attempt = 1; ; attempt++) {
    const [there] = recordsOf(files, folder, attachment);
    const path = there?.path ?? freePath(files, folder, attachment);
    const bytes = bytesOf(formatRecord(merge(there?.record)));
    try {
      if (there) files.replaceFile(path, bytes, MODE);
      else files.createFile(path, bytes, MODE);
      return { path, earlier: there?.record };
    } catch (error) {
      if (attempt === TRIES || !isErrno(error, "EEXIST", "ENOENT")) throw error;
      if (isErrno(error, "ENOENT")) files.makeDirs(folder, 0o700);
    }
  }
}

const MODE = 0o600;

/** The first name that no record of another attachment has. */
function freePath(files: Files, folder: string, attachment: Attachment): string {
  const [first = "", ...others] = recordNames(attachment).map((name) => `${folder}/${name}`);
  return readRecord(files, first) ? (others[0] ?? first) : first;
}

/** Puts back what `writeRecord` found. */
export function takeBackRecord(files: Files, { path, earlier }: Written): void {
  if (earlier) files.replaceFile(path, bytesOf(formatRecord(earlier)), MODE);
  else removeRecord(files, path);
}

export const removeRecord = (files: Files, path: string): void => removeIfThere(files, path);
