import { finish } from "../container/finish.ts";
import { loadRecord, lockContainer } from "../container/store.ts";
import { EXIT } from "../failure.ts";
import { isId } from "../names/id.ts";
import { word } from "../options/word.ts";

/** What a monitor runs when its container has ended for good: the rest of it goes, with --rm all of it. */
export const ended = word({
  name: "__ended",
  usage: "ID",
  help: "For the monitor of a container.",
  options: {},
  operands: { min: 1, max: 1 },
  async run(_values, [id = ""], s) {
    if (!isId(id)) return EXIT.launcher;
    const held = lockContainer(s.native, s.places, id, id);
    try {
      const record = loadRecord(s.native, s.places, id);
      if (record !== undefined) await finish(s, record);
    } finally {
      held.release();
    }
    return EXIT.done;
  },
});
