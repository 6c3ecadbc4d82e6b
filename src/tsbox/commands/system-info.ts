import { RELEASE } from "../../cni/release.ts";
import { containerCgroups } from "../container/cgroups.ts";
import { conditionOf } from "../container/state.ts";
import { stateWord } from "../container/summary.ts";
import { EXIT } from "../failure.ts";
import { bridgeOf } from "../network/default.ts";
import { word } from "../options/word.ts";
import { readText } from "../store/files.ts";
import { allImages } from "../store/images.ts";
import { allContainers } from "../store/names.ts";
import { sizeText } from "../values/size.ts";

export const systemInfo = word({
  name: "system info",
  usage: "",
  help: "Tells about this machine and what tsbox has on it.",
  options: {},
  operands: { min: 0, max: 0 },
  async run(_values, _operands, s) {
    const words = allContainers(s.native, s.places).map((id) => stateWord(conditionOf(s, id), id));
    const count = (...wanted: string[]): number => words.filter((word) => wanted.includes(word)).length;
    const { layout } = containerCgroups();
    const os = process.getBuiltinModule("node:os");
    const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(readText(s.native, "/etc/os-release", 65_536) ?? "")?.[1] ?? "Linux";
    const lines: readonly [string, string | number][] = [
      ["Containers", words.length],
      [" Running", count("running", "restarting")],
      [" Paused", count("paused")],
      [" Stopped", count("created", "exited")],
      ["Images", allImages(s.native, s.places).length],
      ["Server Version", RELEASE],
      ["Storage Driver", "overlay"],
      ["Cgroup Version", layout.mode],
      ["Default Network", `bridge ${bridgeOf(s.places)}`],
      ["Kernel Version", os.release()],
      ["Operating System", name],
      ["Architecture", "x86_64"],
      ["CPUs", os.cpus().length],
      ["Total Memory", sizeText(os.totalmem())],
      ["Name", os.hostname()],
      ["Data Folder", s.places.data],
      ["Run Folder", s.places.run],
    ];
    for (const [key, value] of lines) s.out(`${key}: ${value}\n`);
    return EXIT.done;
  },
});
