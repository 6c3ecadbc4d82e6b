import { printable } from "../../cli/text.ts";
import type { ContainerRecord } from "../container/record.ts";
import { conditionOf } from "../container/state.ts";
import { allRecords } from "../container/store.ts";
import { isStateWord, STATE_WORDS, type Summary, summaryOf } from "../container/summary.ts";
import { EXIT } from "../failure.ts";
import { many, toggle } from "../options/option.ts";
import { word } from "../options/word.ts";
import type { Surroundings } from "../surroundings.ts";
import { formatOption, printRows } from "./format.ts";
import { listing } from "./listing.ts";
import { ready } from "./ready.ts";

const PROOF = "netns-tests/tsbox/looking.test.ts";
const OPTIONS = {
  all: toggle({ long: "all", short: "a", help: "also those that do not run", proof: PROOF }),
  quiet: toggle({ long: "quiet", short: "q", help: "only IDs", proof: PROOF }),
  filter: many(
    {
      long: "filter",
      short: "f",
      metavar: "KEY=VALUE",
      help: "id, name, label, status, exited or ancestor",
      proof: PROOF,
    },
    parseFilter,
  ),
  format: formatOption(PROOF),
};

export const ps = word({
  name: "ps",
  usage: "",
  help: "Lists containers, the newest first.",
  options: OPTIONS,
  operands: { min: 0, max: 0 },
  async run({ all, quiet, filter, format }, _operands, s) {
    await ready(s);
    const wantsEnded = all || filter.some(([key]) => key === "status" || key === "exited");
    const { records, problems } = allRecords(s.native, s.places);
    for (const problem of problems) s.err(`tsbox: ${printable(problem)}\n`);
    const found = records
      .map((record) => ({ record, summary: summaryOf(s, record) }))
      .filter(({ summary }) => wantsEnded || !["created", "exited"].includes(summary.State))
      .filter(({ record, summary }) => accepts(s, filter, record, summary))
      .sort((a, b) => (a.record.created < b.record.created ? 1 : -1))
      .map(({ summary }) => summary);
    if (quiet) s.out(found.map(({ ID }) => `${ID}\n`).join(""));
    else if (format !== undefined) printRows(s, format, found);
    else s.out(listing(HEADING, found.map(row)));
    return EXIT.done;
  },
});

const HEADING = ["CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"];

const row = ({ ID, Image, Command, RunningFor, Status, Ports, Names }: Summary): string[] =>
  [ID, Image, Command, RunningFor, Status, Ports, Names].map(printable);

const KEYS = ["id", "name", "label", "status", "exited", "ancestor"] as const;
type Filter = readonly [(typeof KEYS)[number], string];

function parseFilter(text: string): Filter {
  const equals = text.indexOf("=");
  const key = KEYS.find((known) => known === text.slice(0, Math.max(equals, 0)));
  if (key === undefined) throw new Error(`need KEY=VALUE, KEY one of ${KEYS.join(" ")}`);
  const value = text.slice(equals + 1);
  if (key === "status" && !isStateWord(value)) throw new Error(`need one of ${STATE_WORDS.join(" ")}`);
  if (key === "exited" && !/^\d{1,3}$/.test(value)) throw new Error("need an exit status, 0 to 255");
  return [key, value];
}

/** Several values of one key: any of them; several keys: all of them. */
function accepts(s: Surroundings, filters: readonly Filter[], record: ContainerRecord, summary: Summary): boolean {
  return KEYS.every((key) => {
    const values = filters.filter(([asked]) => asked === key).map(([, value]) => value);
    return values.length === 0 || values.some((value) => matches(s, key, value, record, summary));
  });
}

function matches(s: Surroundings, key: Filter[0], value: string, record: ContainerRecord, summary: Summary): boolean {
  switch (key) {
    case "id":
      return record.id.startsWith(value);
    case "name":
      return record.name.includes(value);
    case "label": {
      const [label = "", ...rest] = value.split("=");
      return Object.hasOwn(record.labels, label) && (rest.length === 0 || record.labels[label] === rest.join("="));
    }
    case "status":
      return summary.State === value;
    case "exited": {
      const condition = conditionOf(s, record.id);
      return condition.kind === "exited" && String(condition.state.exitCode) === value;
    }
    case "ancestor":
      return record.image.name === value || record.image.id.startsWith(value);
  }
}
