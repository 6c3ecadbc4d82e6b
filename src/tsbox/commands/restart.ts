import { stopContainer } from "../container/stop.ts";
import { findRecord } from "../container/store.ts";
import { word } from "../options/word.ts";
import { each } from "./each.ts";
import { ready } from "./ready.ts";
import { startUnattended } from "./start.ts";

export const restart = word({
  name: "restart",
  usage: "CONTAINER...",
  help: "Stops containers as tsbox stop does, and starts them again.",
  options: {},
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(_values, operands, s) {
    await ready(s);
    return each(s, operands, async (operand) => {
      const record = findRecord(s.native, s.places, operand);
      await stopContainer(s, record);
      await startUnattended(s, operand);
    });
  },
});
