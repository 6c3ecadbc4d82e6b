import { printable } from "../../cli/text.ts";
import { collect } from "../container/gc.ts";
import { reconcile } from "../container/reconcile.ts";
import { EXIT } from "../failure.ts";
import { word } from "../options/word.ts";

export const systemGc = word({
  name: "system gc",
  usage: "",
  help: "Cleans up what killed commands and a reboot left, in the kernel and on disk. Containers and images stay.",
  options: {},
  operands: { min: 0, max: 0 },
  async run(_values, _operands, s) {
    const problems = await reconcile(s);
    const found = await collect(s);
    for (const what of found.removed) s.out(`removed ${what}\n`);
    for (const problem of [...problems, ...found.problems]) s.err(`tsbox: ${printable(problem)}\n`);
    return problems.length + found.problems.length === 0 ? EXIT.done : EXIT.failed;
  },
});
