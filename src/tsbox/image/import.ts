import { existsSync, mkdirSync, renameSync } from "node:fs";
import { Failure, messageOf } from "../failure.ts";
import { newId } from "../names/id.ts";
import { isRoot, remedyForCode } from "../remedies.ts";
import { type Files, removeTree, writeJson } from "../store/files.ts";
import { changeImageNames, loadImage } from "../store/images.ts";
import { lock } from "../store/lock.ts";
import { imageFolder, imagesIn, type Places } from "../store/places.ts";
import { type Unpacked, unpack } from "./unpack.ts";

export interface Imported {
  readonly id: string;
  readonly notices: readonly string[];
}

/**
 * Makes an image of an archive, whole or not at all: unpacked beside, under a name that `tsbox system gc` knows as rubbish
 * once nobody holds its lock, then renamed. The same archive again only gives the image another name.
 * @param name with its tag
 */
export async function importImage(
  files: Files,
  places: Places,
  archive: AsyncIterable<Uint8Array>,
  name: string,
  now: Date,
): Promise<Imported> {
  files.makeDirs(imagesIn(places), 0o700);
  const temporary = `${imagesIn(places)}/.import-${newId().slice(0, 16)}`;
  files.makeDirs(temporary, 0o700);
  const held = lock(files, `${temporary}/lock`, "this import");
  try {
    mkdirSync(`${temporary}/rootfs`, 0o755);
    const unpacked = await unpackOrSay(archive, `${temporary}/rootfs`);
    const { digest: id, size } = unpacked;
    if (loadImage(files, places, id) === undefined) {
      writeJson(files, `${temporary}/image.json`, { created: now.toISOString(), size }, { durable: true });
      if (existsSync(imageFolder(places, id))) removeTree(imageFolder(places, id));
      files.sync(temporary, true);
      renameSync(temporary, imageFolder(places, id));
      files.sync(imagesIn(places), false);
    }
    changeImageNames(files, places, (names) => ({ ...names, [name]: id }));
    return { id, notices: unpacked.notices };
  } finally {
    held.release();
    removeTree(temporary);
  }
}

async function unpackOrSay(archive: AsyncIterable<Uint8Array>, root: string): Promise<Unpacked> {
  try {
    return await unpack(archive, root);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOSPC" || code === "EDQUOT")
      throw new Failure(
        `no space left for the image: ${messageOf(error)}`,
        "free some, or name another folder by TSBOX_DATA",
      );
    if (code === "EPERM" || code === "EACCES")
      throw new Failure(`cannot unpack the archive: ${messageOf(error)}`, remedyForCode(code, isRoot()));
    throw new Failure(
      `cannot read the archive: ${messageOf(error)}`,
      "a tar archive is needed, plain or compressed by gzip or zstd",
      {
        cause: error,
      },
    );
  }
}
