import { messageOf } from "../failure.ts";
import { isId, shortId } from "../names/id.ts";
import { gcAttachments } from "../network/attach.ts";
import { namesOf, removeTree, unless } from "../store/files.ts";
import { dropImage, inImages, loadImage, unhideImage } from "../store/images.ts";
import { tryLock } from "../store/lock.ts";
import { allContainers, forgetStaleNames } from "../store/names.ts";
import { activeIn, containerFolder, imagesIn, netnsPath, runFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import { containerCgroups } from "./cgroups.ts";
import { usersOf } from "./image-users.ts";
import { release } from "./release.ts";
import { dropContainer, recordPath, tryLockContainer } from "./store.ts";

/** What was found that belongs to nothing any more, and what could not be removed. */
export interface Found {
  readonly removed: string[];
  readonly problems: string[];
}

/**
 * Looks through everything for what belongs to no container or image: everything tsbox makes has the container's ID in its
 * name, so nothing needs to be remembered. Comes after `reconcile`, which knows what each container should be.
 */
export async function collect(s: Surroundings): Promise<Found> {
  const found: Found = { removed: [], problems: [] };
  const attempt = async (what: string, action: () => unknown): Promise<void> => {
    try {
      const gone = await action();
      if (gone !== false) found.removed.push(what);
    } catch (error) {
      found.problems.push(`${what}: ${messageOf(error)}`);
    }
  };
  for (const id of allContainers(s.native, s.places))
    if (s.native.stat(recordPath(s.places, id), false) === undefined)
      await attempt(`half-made container ${shortId(id)}`, () => dropHalfMade(s, id));
  const known = new Set(allContainers(s.native, s.places));
  for (const id of namesOf(s.native, activeIn(s.places)))
    if (!known.has(id))
      await attempt(`traces of container ${shortId(id)}`, () => release(s, { id, network: "bridge" }));
  for (const id of containerCgroups().list())
    if (isId(id) && !known.has(id)) await attempt(`cgroups of container ${shortId(id)}`, () => dropCgroups(id));
  const active = new Set(namesOf(s.native, activeIn(s.places)));
  for (const id of namesOf(s.native, `${s.places.run}/netns`))
    if (isId(id) && !active.has(id))
      await attempt(`network namespace of container ${shortId(id)}`, () =>
        s.native.netnsDelete(netnsPath(s.places, id)),
      );
  const running = new Set([...active].map((id) => runFolder(s.places, id)));
  for (const name of namesOf(s.native, `${s.places.run}/c`))
    if (!running.has(`${s.places.run}/c/${name}`))
      await attempt(`folder ${name}`, () => removeTree(`${s.places.run}/c/${name}`));
  await attempt("network", () => gcAttachments(s, [...active].filter(isId)).then(() => false));
  const names = forgetStaleNames(s.native, s.places);
  if (names > 0) found.removed.push(`${names} names of containers that are gone`);
  for (const name of namesOf(s.native, imagesIn(s.places)))
    await attempt(`rubbish ${name} of images`, () => dropImageRubbish(s, name));
  return found;
}

/** A container whose command was killed before it was written down. False when its command is at it. */
function dropHalfMade(s: Surroundings, id: string): boolean {
  const held = tryLockContainer(s.native, s.places, id);
  if (held === undefined && s.native.stat(containerFolder(s.places, id), false) !== undefined) return false;
  try {
    if (s.native.stat(recordPath(s.places, id), false) !== undefined) return false;
    dropContainer(s.native, s.places, id, undefined);
    return true;
  } finally {
    held?.release();
  }
}

async function dropCgroups(id: string): Promise<void> {
  const groups = containerCgroups().open(id);
  await groups.killAll();
  await groups.remove();
}

/** False for an image, and for what an import is at. */
function dropImageRubbish(s: Surroundings, name: string): boolean {
  const path = `${imagesIn(s.places)}/${name}`;
  if (isId(name)) {
    if (loadImage(s.native, s.places, name) !== undefined) return false;
    return inImages(s.native, s.places, () => {
      if (usersOf(s, name).length > 0) {
        unhideImage(s.native, s.places, name);
        return false;
      }
      if (loadImage(s.native, s.places, name) === undefined) dropImage(s.places, name);
      return true;
    });
  }
  const held = unless(["ENOENT", "ENOTDIR"], () => tryLock(s.native, `${path}/lock`));
  if (held === undefined && s.native.stat(path, false)?.kind === "directory") return false;
  removeTree(path);
  held?.release();
  return true;
}
