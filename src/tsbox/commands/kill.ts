import { connectToRunning, killContainer } from "../container/stop.ts";
import { findRecord } from "../container/store.ts";
import { word } from "../options/word.ts";
import { each } from "./each.ts";
import { ready } from "./ready.ts";

export const kill = word({
  name: "kill",
  usage: "CONTAINER...",
  help: "Ends containers at once, by SIGKILL.",
  options: {},
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(_values, operands, s) {
    await ready(s);
    return each(s, operands, async (operand) => {
      const record = findRecord(s.native, s.places, operand);
      (await connectToRunning(s, record)).close();
      await killContainer(s, record);
    });
  },
});
