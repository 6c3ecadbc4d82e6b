import { stopContainer } from "../container/stop.ts";
import { findRecord } from "../container/store.ts";
import { word } from "../options/word.ts";
import { each } from "./each.ts";
import { ready } from "./ready.ts";

export const stop = word({
  name: "stop",
  usage: "CONTAINER...",
  help: "Sends SIGTERM (or its --stop-signal), and SIGKILL when it has not ended after 10 seconds (or its --stop-timeout).",
  options: {},
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(_values, operands, s) {
    await ready(s);
    return each(s, operands, async (operand) => {
      const record = findRecord(s.native, s.places, operand);
      await stopContainer(s, record);
    });
  },
});
