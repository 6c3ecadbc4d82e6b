import { release } from "../container/release.ts";
import { conditionOf } from "../container/state.ts";
import { killContainer } from "../container/stop.ts";
import { dropContainer, loadRecord, lockContainer } from "../container/store.ts";
import { Failure } from "../failure.ts";
import { toggle } from "../options/option.ts";
import { word } from "../options/word.ts";
import { findContainer } from "../store/names.ts";
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
    return each(s, operands, (operand) => remove(s, operand, force));
  },
});

async function remove(s: Surroundings, operand: string, force: boolean): Promise<void> {
  const id = findContainer(s.native, s.places, operand);
  const record = loadRecord(s.native, s.places, id);
  if (record === undefined) throw new Failure(`no such container: ${operand}`, "tsbox ps -a lists them");
  if (conditionOf(s, id).kind === "alive") {
    if (!force)
      throw new Failure(`container ${record.name} is running`, `stop it first, or: tsbox rm -f ${record.name}`);
    await killContainer(s, record);
    // With --rm its end was its removal.
    if (s.native.stat(containerFolder(s.places, id), false) === undefined) return;
  }
  const held = lockContainer(s.native, s.places, id, operand);
  try {
    if (conditionOf(s, id).kind === "alive" && !force)
      throw new Failure(`container ${record.name} was started meanwhile`, `tsbox rm -f ${record.name}`);
    await release(s, record);
    dropContainer(s.native, s.places, id, loadRecord(s.native, s.places, id)?.name);
  } finally {
    held.release();
  }
}
