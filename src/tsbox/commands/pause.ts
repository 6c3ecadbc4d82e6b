import { containerCgroups } from "../container/cgroups.ts";
import type { ContainerRecord } from "../container/record.ts";
import { conditionOf } from "../container/state.ts";
import { findRecord, lockContainer } from "../container/store.ts";
import { Failure } from "../failure.ts";
import { type Word, word } from "../options/word.ts";
import type { Surroundings } from "../surroundings.ts";
import { each } from "./each.ts";
import { ready } from "./ready.ts";

export const pause = freezer(
  "pause",
  "Lets all processes of containers stand still where they are.",
  async (record) => {
    const groups = containerCgroups().open(record.id);
    if (groups.frozen) throw new Failure(`container ${record.name} is paused already`, `tsbox unpause ${record.name}`);
    await groups.freeze();
  },
);

export const unpause = freezer("unpause", "Lets paused containers go on.", async (record) => {
  const groups = containerCgroups().open(record.id);
  if (!groups.frozen) throw new Failure(`container ${record.name} is not paused`);
  await groups.thaw();
});

function freezer(name: string, help: string, act: (record: ContainerRecord) => Promise<void>): Word {
  return word({
    name,
    usage: "CONTAINER...",
    help,
    options: {},
    operands: { min: 1, max: Number.POSITIVE_INFINITY },
    async run(_values, operands, s) {
      await ready(s);
      return each(s, operands, (operand) => locked(s, operand, act));
    },
  });
}

async function locked(
  s: Surroundings,
  operand: string,
  act: (record: ContainerRecord) => Promise<void>,
): Promise<void> {
  const record = findRecord(s.native, s.places, operand);
  const held = lockContainer(s.native, s.places, record.id, operand);
  try {
    if (conditionOf(s, record.id).kind !== "alive")
      throw new Failure(`container ${record.name} is not running`, `tsbox start ${record.name}`);
    await act(record);
  } finally {
    held.release();
  }
}
