import { Failure } from "../failure.ts";
import { parseImageName } from "../image/name.ts";
import { isId } from "../names/id.ts";
import { type Files, namesOf, readJson, removeTree, unless, writeJson } from "./files.ts";
import { withLock } from "./lock.ts";
import { imageFolder, imagesIn, type Places } from "./places.ts";

/** A flat root file system: `images/<id>/` holds `image.json` and `rootfs`. */
export interface Image {
  /** SHA-256 of the archive without its compression. */
  readonly id: string;
  /** ISO 8601. */
  readonly created: string;
  /** Bytes of that archive. */
  readonly size: number;
}

/** Which image a name (with its tag) means. */
export type ImageNames = Readonly<Record<string, string>>;

export const rootfsOf = (places: Places, id: string): string => `${imageFolder(places, id)}/rootfs`;

export function allImages(files: Files, places: Places): Image[] {
  return namesOf(files, imagesIn(places))
    .filter(isId)
    .map((id) => loadImage(files, places, id))
    .filter((image) => image !== undefined);
}

export function loadImage(files: Files, places: Places, id: string): Image | undefined {
  const raw = readJson(files, description(places, id));
  if (typeof raw !== "object" || raw === null) return undefined;
  const { created, size } = raw as Partial<Image>;
  return { id, created: typeof created === "string" ? created : "", size: typeof size === "number" ? size : 0 };
}

export function imageNames(files: Files, places: Places): ImageNames {
  const raw = readJson(files, `${places.data}/image-names.json`);
  if (typeof raw !== "object" || raw === null) return {};
  return Object.fromEntries(Object.entries(raw).filter(([, id]) => typeof id === "string" && isId(id)));
}

/** The image that a name, an ID or the beginning of one means. */
export function findImage(files: Files, places: Places, word: string): Image {
  const names = imageNames(files, places);
  const named = nameOrUndefined(word);
  const byName = named === undefined ? undefined : names[named];
  const ids = byName === undefined && /^(sha256:)?[0-9a-f]{1,64}$/.test(word) ? matching(files, places, word) : [];
  const [id, second] = byName === undefined ? ids : [byName];
  if (second !== undefined)
    throw new Failure(`${JSON.stringify(word)} begins the IDs of ${ids.length} images`, "give more digits");
  const image = id === undefined ? undefined : loadImage(files, places, id);
  if (image === undefined)
    throw new Failure(`no such image: ${word}`, `tsbox images lists them; tsbox import FILE ${word} makes one`);
  return image;
}

function matching(files: Files, places: Places, word: string): string[] {
  const prefix = word.replace(/^sha256:/, "");
  return namesOf(files, imagesIn(places)).filter((id) => isId(id) && id.startsWith(prefix));
}

/** A word as an image's name with its tag; `undefined` when it can be none. */
export function nameOrUndefined(word: string): string | undefined {
  try {
    return parseImageName(word);
  } catch {
    return undefined;
  }
}

/** Changes the table of names; `change` gives the new one. Durable. */
export function changeImageNames(files: Files, places: Places, change: (names: ImageNames) => ImageNames): void {
  inImages(files, places, () => {
    const changed = change(imageNames(files, places));
    writeJson(files, `${places.data}/image-names.json`, changed, { durable: true });
  });
}

/** Runs `work` while no other command adds or removes an image. */
export const inImages = <T>(files: Files, places: Places, work: () => T): T =>
  withLock(files, `${places.data}/images.lock`, "images", work);

const description = (places: Places, id: string): string => `${imageFolder(places, id)}/image.json`;
const hidden = (places: Places, id: string): string => `${imageFolder(places, id)}/image.hidden`;

/**
 * Hides an image, so that no container can be made of it any more. Who removes it looks for its containers only then: one
 * that was made meanwhile looks for its image after it was written down, so at least one of the two sees the other.
 */
export const hideImage = (files: Files, places: Places, id: string): void =>
  files.renameFile(description(places, id), hidden(places, id));

/** Takes `hideImage` back; nothing when it is not hidden. */
export const unhideImage = (files: Files, places: Places, id: string): void =>
  void unless(["ENOENT"], () => files.renameFile(hidden(places, id), description(places, id)));

export const dropImage = (places: Places, id: string): void => removeTree(imageFolder(places, id));
