import type { Fd } from "../../../native/addon.ts";
import { unless } from "../store/files.ts";
import { type Lock, lock } from "../store/lock.ts";
import { containerFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";

/**
 * Runs `work` with the lock that the processes which make and unmake a container inherit (the helper, the one for its network).
 * Should their command be killed, they go on to their end; the next command waits here until they are through, and so takes
 * away all that they made.
 */
export async function whileWorking<T>(
  s: Surroundings,
  id: string,
  work: (held: Fd | undefined) => Promise<T>,
): Promise<T> {
  const held = take(s, id);
  try {
    return await work(held?.fd);
  } finally {
    held?.release();
  }
}

/** Waits until nobody is at work on a container any more. */
export function waitForWorkers(s: Surroundings, id: string): void {
  take(s, id)?.release();
}

/** Without the folder there is no container, and nobody at work on it. */
const take = (s: Surroundings, id: string): Lock | undefined =>
  unless(["ENOENT"], () => lock(s.native, `${containerFolder(s.places, id)}/work.lock`, `making container ${id}`));
