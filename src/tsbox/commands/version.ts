import { RELEASE } from "../../cni/release.ts";
import { EXIT } from "../failure.ts";
import { word } from "../options/word.ts";

export const version = word({
  name: "version",
  usage: "",
  help: "Prints the version.",
  options: {},
  operands: { min: 0, max: 0 },
  async run(_values, _operands, s) {
    s.out(`tsbox ${RELEASE}\n`);
    return EXIT.done;
  },
});
