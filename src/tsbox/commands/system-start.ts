import { printable } from "../../cli/text.ts";
import { reconcile } from "../container/reconcile.ts";
import { EXIT } from "../failure.ts";
import { word } from "../options/word.ts";

export const systemStart = word({
  name: "system start",
  usage: "",
  help: "Starts what should run by its restart policy, and replaces monitors that were killed. tsbox.service calls it at boot.",
  options: {},
  operands: { min: 0, max: 0 },
  async run(_values, _operands, s) {
    const problems = await reconcile(s);
    for (const problem of problems) s.err(`tsbox: ${printable(problem)}\n`);
    return problems.length === 0 ? EXIT.done : EXIT.failed;
  },
});
