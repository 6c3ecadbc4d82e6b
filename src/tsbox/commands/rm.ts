import { printable } from "../../cli/text.ts";
import type { ContainerRecord } from "../container/record.ts";
import { release } from "../container/release.ts";
import { conditionOf } from "../container/state.ts";
import { killContainer } from "../container/stop.ts";
import { dropContainer, loadRecord, lockContainer } from "../container/store.ts";
import { Failure } from "../failure.ts";
import { toggle } from "../options/option.ts";
import { word } from "../options/word.ts";
import type { Lock } from "../store/lock.ts";
import { findContainer, forgetStaleNames, NoSuchContainer } from "../store/names.ts";
import { containerFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import { each } from "./each.ts";
import { ready } from "./ready.ts";

const LIFE = "netns-tests/tsbox/options-life.test.ts";
const OPTIONS = {
  force: toggle({ long: "force", short: "f", help: "also a running one, which is killed; none is fine", proof: LIFE }),
  volumes: toggle({ long: "volumes", short: "v", help: "and its anonymous volumes (there are none yet)", proof: LIFE }),
};

export const rm = word({
  name: "rm",
  usage: "CONTAINER...",
  help: "Removes containers.",
  options: OPTIONS,
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ force }, operands, s) {
    await ready(s);
    const there = force ? operands.filter((operand) => isThere(s, operand)) : operands;
    return each(s, there, (operand) => remove(s, operand, force));
  },
});

/** Whether there is such a container; says so when there is none. */
function isThere(s: Surroundings, operand: string): boolean {
  try {
    findContainer(s.native, s.places, operand);
  } catch (error) {
    if (!(error instanceof NoSuchContainer)) return true;
    s.err(`tsbox: ${printable(error.message)}\n`);
    return false;
  }
  return true;
}

async function remove(s: Surroundings, operand: string, force: boolean): Promise<void> {
  const id = findContainer(s.native, s.places, operand);
  const record = recordOf(s, id, force);
  if (conditionOf(s, id).kind === "alive") {
    if (!force) throw new Failure(`container ${operand} is running`, `stop it first, or: tsbox rm -f ${operand}`);
    // Should its monitor not answer: what is released below is killed first.
    if (record !== undefined) await killContainer(s, record).catch(ignoreFailure);
  }
  const held = lockIfThere(s, id, operand);
  // With --rm its end was its removal.
  if (held === undefined) return;
  try {
    if (conditionOf(s, id).kind === "alive" && !force)
      throw new Failure(`container ${operand} was started meanwhile`, `tsbox rm -f ${operand}`);
    await release(s, record ?? { id, network: "bridge" });
    const name = recordOf(s, id, force)?.name;
    dropContainer(s.native, s.places, id, name);
    if (name === undefined) forgetStaleNames(s.native, s.places);
  } finally {
    held.release();
  }
}

/** The container's lock; `undefined` when it is gone meanwhile, which is what was asked for. */
function lockIfThere(s: Surroundings, id: string, shown: string): Lock | undefined {
  try {
    return lockContainer(s.native, s.places, id, shown);
  } catch (error) {
    if (s.native.stat(containerFolder(s.places, id), false) === undefined) return undefined;
    throw error;
  }
}

/** `undefined` for a damaged one, which --force removes too: everything of it is found by its ID. */
function recordOf(s: Surroundings, id: string, force: boolean): ContainerRecord | undefined {
  try {
    return loadRecord(s.native, s.places, id);
  } catch (error) {
    if (force && error instanceof Failure) return undefined;
    throw error;
  }
}

function ignoreFailure(error: unknown): void {
  if (!(error instanceof Failure)) throw error;
}
