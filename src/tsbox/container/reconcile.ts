import { messageOf } from "../failure.ts";
import { asFailure } from "../known-errors.ts";
import { isId } from "../names/id.ts";
import { namesOf } from "../store/files.ts";
import { allContainers } from "../store/names.ts";
import { activeIn, runFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import { checkFolders, isFirstOfBoot, noteBoot } from "./boot.ts";
import { finish } from "./finish.ts";
import { runHelper } from "./helper.ts";
import type { ContainerRecord } from "./record.ts";
import { release } from "./release.ts";
import { startContainer } from "./start.ts";
import { type Condition, conditionOf } from "./state.ts";
import { loadRecord, tryLockContainer } from "./store.ts";
import { waitForWorkers } from "./work.ts";

/**
 * Puts right what was killed: a lost monitor is replaced, what ended unseen or began and was never started is cleaned up,
 * and what should run by its restart policy is started. Every command does this first; containers that another command is
 * busy with are left alone. Gives what could not be done, a line each.
 */
export async function reconcile(s: Surroundings): Promise<string[]> {
  checkFolders(s);
  const problems: string[] = [];
  const first = isFirstOfBoot(s);
  const ids = first ? allContainers(s.native, s.places) : namesOf(s.native, activeIn(s.places)).filter(isId);
  for (const id of ids) {
    try {
      await putRight(s, id, first);
    } catch (error) {
      problems.push(`container ${id.slice(0, 12)}: ${problemOf(error)}`);
    }
  }
  try {
    if (first) noteBoot(s);
  } catch (error) {
    problems.push(problemOf(error));
  }
  return problems;
}

/** In one line, with what to do. */
function problemOf(error: unknown): string {
  const remedy = asFailure(error)?.remedy ?? "";
  return remedy === "" ? messageOf(error) : `${messageOf(error)} (${remedy})`;
}

async function putRight(s: Surroundings, id: string, first: boolean): Promise<void> {
  if (isFine(conditionOf(s, id), first)) return;
  const held = tryLockContainer(s.native, s.places, id);
  if (held === undefined) return;
  try {
    waitForWorkers(s, id);
    const record = loadRecord(s.native, s.places, id);
    // Without record it is rubbish, which `tsbox system gc` takes.
    if (record !== undefined) await settle(s, record, first);
  } finally {
    held.release();
  }
}

const isFine = (condition: Condition, first: boolean): boolean =>
  condition.kind === "alive"
    ? condition.state.status !== "created"
    : !first && (condition.kind === "created" || (condition.kind === "exited" && condition.clean));

/** With the lock held. */
async function settle(s: Surroundings, record: ContainerRecord, first: boolean): Promise<void> {
  const { id } = record;
  const condition = conditionOf(s, id);
  if (condition.kind === "created") return;
  if (condition.kind === "alive") {
    // Held back before its program, and who was starting it is gone.
    if (condition.state.status === "created") await release(s, record);
    return;
  }
  if (condition.kind === "orphan" && condition.pid !== undefined) {
    runHelper(s, ["adopt", runFolder(s.places, id)], new Uint8Array());
    return;
  }
  if ((await finish(s, record)) && isDue(record, condition, first)) {
    const client = await startContainer(s, record, { unattended: true });
    client.close();
  }
}

/** Whether the restart policy wants a container back. What ended under its monitor's eyes was that one's to restart. */
function isDue({ restart }: ContainerRecord, condition: Condition, first: boolean): boolean {
  if (condition.kind !== "orphan" && condition.kind !== "exited") return false;
  const { state } = condition;
  if (state === undefined) return false;
  if (restart.name === "always") return condition.kind === "orphan" || first;
  if (condition.kind === "exited" || state.manualStop || state.startedAt === "") return false;
  if (restart.name === "unless-stopped") return true;
  return restart.name === "on-failure" && (restart.max === 0 || state.restartCount < restart.max);
}
