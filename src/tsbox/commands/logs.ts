import { logPath } from "../container/spec.ts";
import { conditionOf } from "../container/state.ts";
import { findRecord } from "../container/store.ts";
import { EXIT } from "../failure.ts";
import { LogFollower } from "../logs/follow.ts";
import { isWanted, type LogLine, lastLines, type Wanted } from "../logs/read.ts";
import { single, toggle } from "../options/option.ts";
import { word } from "../options/word.ts";
import type { Surroundings } from "../surroundings.ts";
import { parseWhole } from "../values/size.ts";
import { parseTime } from "../values/time.ts";
import { ready } from "./ready.ts";

const PROOF = "netns-tests/tsbox/logs.test.ts";
const now = (): number => Date.now();
const OPTIONS = {
  follow: toggle({ long: "follow", short: "f", help: "go on until the container ends", proof: PROOF }),
  tail: single({ long: "tail", metavar: "N", help: "only the last N lines, or all", proof: PROOF }, (text) =>
    text === "all" ? Number.POSITIVE_INFINITY : parseWhole(0, 1_000_000_000)(text),
  ),
  since: single(
    { long: "since", metavar: "TIME", help: "only lines after a time: 10m, or a date", proof: PROOF },
    parseTime(now),
  ),
  until: single({ long: "until", metavar: "TIME", help: "only lines before a time", proof: PROOF }, parseTime(now)),
  timestamps: toggle({ long: "timestamps", short: "t", help: "with the time in front of each line", proof: PROOF }),
};

export const logs = word({
  name: "logs",
  usage: "CONTAINER",
  help: "Shows what a container wrote to its standard output and standard error.",
  options: OPTIONS,
  operands: { min: 1, max: 1 },
  async run(values, [operand = ""], s) {
    await ready(s);
    const { id } = findRecord(s.native, s.places, operand);
    const log = new LogFollower(s.native, logPath(s, id));
    const print = printer(s, values.timestamps);
    for (const line of lastLines(log.present(), values)) print(line);
    if (values.follow) await printAdded(s, id, log, values, print);
    return EXIT.done;
  },
});

async function printAdded(
  s: Surroundings,
  id: string,
  log: LogFollower,
  wanted: Wanted,
  print: (line: LogLine) => void,
): Promise<void> {
  const goesOn = (): boolean =>
    conditionOf(s, id).kind === "alive" && (wanted.until === undefined || now() <= wanted.until);
  for await (const line of log.added(goesOn)) if (isWanted(line, wanted)) print(line);
}

/** To the stream that the container wrote to. */
function printer({ out, err }: Surroundings, timestamps: boolean): (line: LogLine) => void {
  return ({ log, stream, time }) => (stream === "stdout" ? out : err)(timestamps ? `${time} ${log}` : log);
}
