import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { type Extract, extract, type Header } from "tar-stream";
import { type EntryHead, Extractor } from "./extractor.ts";

export interface Unpacked {
  /** SHA-256 of the archive without its compression. */
  readonly digest: string;
  /** Bytes of the archive without its compression. */
  readonly size: number;
  /** What a flat root file system leaves out, in words. */
  readonly notices: readonly string[];
}

/** More unpacked bytes than this are a bomb. */
const MAX_BYTES = 1024 ** 4;

/** Unpacks a tar archive, plain or compressed by gzip or zstd, below an empty folder of this process's own. */
export async function unpack(archive: AsyncIterable<Uint8Array>, root: string): Promise<Unpacked> {
  const extractor = new Extractor(root);
  const reader = extract();
  const hasher = new Bun.CryptoHasher("sha256");
  const left = { devices: 0, attributes: 0 };
  let size = 0;
  const feed = (async () => {
    for await (const piece of await decompressed(archive)) {
      hasher.update(piece);
      size += piece.length;
      if (size > MAX_BYTES) throw new Error(`it unpacks to more than ${MAX_BYTES} bytes`);
      if (!reader.write(piece)) await drained(reader);
    }
    if (size === 0) throw new Error("it is empty");
    reader.end(undefined);
  })().catch((error: unknown) => {
    reader.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  for await (const entry of reader) {
    await place(extractor, entry.header, entry as AsyncIterable<Uint8Array>, left);
    entry.resume();
  }
  await feed;
  if (extractor.finish() === 0) throw new Error("there is no entry in it");
  const notices = [
    left.devices > 0
      ? `${left.devices} device files and fifos were left out (containers have a /dev of their own)`
      : "",
    left.attributes > 0 ? `extended attributes of ${left.attributes} files were left out` : "",
  ].filter((text) => text !== "");
  return { digest: hasher.digest("hex"), size, notices };
}

async function place(
  to: Extractor,
  header: Header,
  content: AsyncIterable<Uint8Array>,
  left: { devices: number; attributes: number },
): Promise<void> {
  const head = headOf(header);
  const records = Object.keys(header.pax ?? {});
  if (records.some((key) => key.startsWith("SCHILY.xattr."))) left.attributes++;
  if (records.some((key) => key.startsWith("GNU.sparse.")))
    throw new Error(
      `${JSON.stringify(header.name)} is a sparse file, which tsbox does not read: make the archive without -S`,
    );
  switch (header.type) {
    case "directory":
      return to.folder(head);
    case "file":
    case "contiguous-file":
      return to.file(head, content);
    case "symlink":
      return to.symlink(head, header.linkname ?? "");
    case "link":
      return to.hardLink(head, header.linkname ?? "");
    case "character-device":
    case "block-device":
    case "fifo":
      left.devices++;
      return;
    default:
      throw new Error(`${JSON.stringify(header.name)} is of an unknown kind`);
  }
}

/** Records of a pax header go before the fields of the entry's own (pax(1)): owners from 2^21 on stand only there. */
function headOf({ name, mode, uid, gid, mtime, pax }: Header): EntryHead {
  const records: { readonly uid?: string; readonly gid?: string; readonly mtime?: string } = pax ?? {};
  const id = (field: number | undefined, recorded: string | undefined): number => {
    const value = recorded === undefined ? (field ?? 0) : /^\d{1,10}$/.test(recorded) ? Number(recorded) : Number.NaN;
    if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 32 - 1))
      throw new Error(`${JSON.stringify(name)} has no valid owner`);
    return value;
  };
  const time = records.mtime === undefined ? (mtime?.getTime() ?? 0) : Math.floor(Number(records.mtime) * 1000);
  return {
    name,
    mode: (mode ?? 0o755) & 0o7777,
    uid: id(uid, records.uid),
    gid: id(gid, records.gid),
    mtimeMs: Number.isFinite(time) && Math.abs(time) < 2 ** 52 ? time : 0,
  };
}

/** Resolves when the reader takes more, or has ended. */
const drained = (reader: Extract): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      reader.off("drain", done);
      reader.off("close", done);
      resolve();
    };
    reader.on("drain", done);
    reader.on("close", done);
  });

const MAGIC: readonly [string, string][] = [
  ["1f8b", "gzip"],
  ["28b52ffd", "zstd"],
  ["425a68", "bzip2"],
  ["fd377a585a00", "xz"],
];

/** The archive without its compression, by its first bytes. */
async function decompressed(archive: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const pieces = archive[Symbol.asyncIterator]();
  let first = new Uint8Array();
  while (first.length < 6) {
    const next = await pieces.next();
    if (next.done) break;
    first = Buffer.concat([first, next.value]);
  }
  const whole = (async function* () {
    if (first.length > 0) yield first;
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) yield next.value;
  })();
  const kind = MAGIC.find(([magic]) => first.toHex().startsWith(magic))?.[1];
  if (kind === undefined) return whole;
  if (kind === "gzip") return Readable.from(whole).pipe(createGunzip());
  if (kind === "zstd") return Readable.from(whole).pipe(createZstdDecompress());
  throw new Error(`it is compressed by ${kind}, which tsbox does not read: ${kind} -dc FILE | tsbox import - NAME`);
}
