import type { Surroundings } from "../surroundings.ts";
import type { ContainerRecord } from "./record.ts";
import { release } from "./release.ts";
import { conditionOf, ended, saveLastState } from "./state.ts";
import { dropContainer, dropLayer, loadRecord, tryLockContainer } from "./store.ts";

/**
 * What is left to do once a container has ended: its kernel objects go, and with --rm all of it. Its lock is held. Gives
 * whether the container is still there.
 */
export async function finish(s: Surroundings, record: ContainerRecord): Promise<boolean> {
  const condition = conditionOf(s, record.id);
  if (condition.kind === "alive" || condition.kind === "created") return true;
  const { state } = condition;
  if (state !== undefined && !record.autoRemove) saveLastState(s, record.id, ended(state));
  if (condition.kind === "orphan" || !condition.clean)
    await release(s, record, {
      ended: condition.kind === "exited",
      ...(record.autoRemove && { meanwhile: () => dropLayer(s.native, s.places, record.id) }),
    });
  if (!record.autoRemove) return true;
  dropContainer(s.native, s.places, record.id, record.name);
  return false;
}

/** The same, of a container that perhaps somebody else is busy with: then that one does it. */
export async function finishIfFree(s: Surroundings, id: string): Promise<void> {
  const held = tryLockContainer(s.native, s.places, id);
  if (held === undefined) return;
  try {
    const record = loadRecord(s.native, s.places, id);
    if (record !== undefined) await finish(s, record);
  } finally {
    held.release();
  }
}
