import { conditionOf } from "../container/state.ts";
import { connectTo } from "../container/stop.ts";
import { findRecord } from "../container/store.ts";
import { EXIT } from "../failure.ts";
import { word } from "../options/word.ts";
import type { Surroundings } from "../surroundings.ts";
import { ready } from "./ready.ts";

export const wait = word({
  name: "wait",
  usage: "CONTAINER...",
  help: "Waits until containers have ended, and prints their exit statuses.",
  options: {},
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  async run(_values, operands, s) {
    await ready(s);
    const records = operands.map((operand) => findRecord(s.native, s.places, operand));
    for (const record of records) s.out(`${await exitStatus(s, record)}\n`);
    return EXIT.done;
  },
});

async function exitStatus(s: Surroundings, record: ReturnType<typeof findRecord>): Promise<number> {
  const client = await connectTo(s, record);
  if (client !== undefined) {
    try {
      const exit = await client.end();
      if (exit !== undefined) return exit.exitCode;
    } finally {
      client.close();
    }
  }
  const condition = conditionOf(s, record.id);
  if (condition.kind === "exited") return condition.state.exitCode;
  return condition.kind === "created" ? 0 : EXIT.lost;
}
