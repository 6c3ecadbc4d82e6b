import { UsageError } from "../../cli/usage-error.ts";
import { findRecord, loadRecord, lockContainer, saveRecord } from "../container/store.ts";
import { EXIT, Failure, messageOf } from "../failure.ts";
import { parseName } from "../names/id.ts";
import { word } from "../options/word.ts";
import { claimName, releaseName } from "../store/names.ts";
import { ready } from "./ready.ts";

export const rename = word({
  name: "rename",
  usage: "CONTAINER NAME",
  help: "Gives a container another name.",
  options: {},
  operands: { min: 2, max: 2 },
  async run(_values, [operand = "", wanted = ""], s) {
    await ready(s);
    const name = nameOf(wanted);
    const { id } = findRecord(s.native, s.places, operand);
    const held = lockContainer(s.native, s.places, id, operand);
    try {
      const record = loadRecord(s.native, s.places, id);
      if (record === undefined) throw new Failure(`no such container: ${operand}`, "tsbox ps -a lists them");
      if (record.name === name) throw new Failure(`container ${name} has that name already`);
      claimName(s.native, s.places, name, id);
      saveRecord(s.native, s.places, { ...record, name });
      releaseName(s.native, s.places, record.name, id);
    } finally {
      held.release();
    }
    return EXIT.done;
  },
});

function nameOf(text: string): string {
  try {
    return parseName(text);
  } catch (error) {
    throw new UsageError(`invalid name ${JSON.stringify(text)}: ${messageOf(error)}`, "see tsbox rename --help");
  }
}
