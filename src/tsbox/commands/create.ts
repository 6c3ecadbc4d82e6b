import { CREATE_OPTIONS } from "../container/options.ts";
import type { ContainerRecord } from "../container/record.ts";
import { settingsOf } from "../container/settings.ts";
import { dropContainer, makeContainer } from "../container/store.ts";
import { EXIT, Failure } from "../failure.ts";
import type { Values } from "../options/option.ts";
import { word } from "../options/word.ts";
import { findImage, loadImage } from "../store/images.ts";
import type { Lock } from "../store/lock.ts";
import type { Surroundings } from "../surroundings.ts";
import { ready } from "./ready.ts";

export const create = word({
  name: "create",
  usage: "IMAGE [COMMAND] [ARG...]",
  help: "Makes a container without starting it, and prints its ID.",
  options: CREATE_OPTIONS,
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  stopAtOperand: true,
  async run(values, operands, s) {
    await ready(s);
    const { record, held } = await createContainer(values, operands, s);
    held.release();
    s.out(`${record.id}\n`);
    return EXIT.done;
  },
});

/** A container of the options; the lock is held. */
export async function createContainer(
  values: Values<typeof CREATE_OPTIONS>,
  operands: readonly string[],
  s: Surroundings,
): Promise<{ record: ContainerRecord; held: Lock }> {
  const [name = "", ...command] = operands;
  const settings = await settingsOf(values, { image: findImage(s.native, s.places, name), name }, command, s);
  const created = new Date(s.now()).toISOString();
  const made = makeContainer(s.native, s.places, values.name, { ...settings, created });
  // It may have been removed until the container was written down (see hideImage).
  if (loadImage(s.native, s.places, settings.image.id) !== undefined) return made;
  dropContainer(s.native, s.places, made.record.id, made.record.name);
  made.held.release();
  throw new Failure(`image ${name} was removed meanwhile`, "import it again");
}
