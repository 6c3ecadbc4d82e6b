import type { Stats } from "../cgroup/stats.ts";
import { containerCgroups } from "../container/cgroups.ts";
import type { ContainerRecord } from "../container/record.ts";
import { conditionOf } from "../container/state.ts";
import { allRecords, findRecord } from "../container/store.ts";
import { EXIT, Failure } from "../failure.ts";
import { shortId } from "../names/id.ts";
import { word } from "../options/word.ts";
import type { Surroundings } from "../surroundings.ts";
import { sizeText } from "../values/size.ts";
import { listing } from "./listing.ts";
import { ready } from "./ready.ts";

const INTERVAL_MS = 1000;

export const stats = word({
  name: "stats",
  usage: "[CONTAINER...]",
  help: `Shows what running containers use: those named, or all. On a terminal the table is renewed each second until it is
interrupted; elsewhere it is printed once.`,
  options: {},
  operands: { min: 0, max: Number.POSITIVE_INFINITY },
  async run(_values, operands, s) {
    await ready(s);
    const repeats = s.native.ttySize(1) !== undefined;
    for (;;) {
      const records = chosen(s, operands);
      const before = records.map((record) => usage(record));
      await Bun.sleep(INTERVAL_MS);
      const rows = records
        .map((record, i) => statsRow(record, before[i], usage(record)))
        .filter((cells) => cells !== undefined);
      s.out(`${repeats ? "\x1b[H\x1b[2J" : ""}${listing(HEADING, rows)}`);
      if (!repeats) return EXIT.done;
    }
  },
});

const HEADING = ["CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "BLOCK I/O", "PIDS"];

function chosen(s: Surroundings, operands: readonly string[]): ContainerRecord[] {
  const named = operands.map((operand) => findRecord(s.native, s.places, operand));
  for (const { id, name } of named)
    if (conditionOf(s, id).kind !== "alive")
      throw new Failure(`container ${name} is not running`, `tsbox start ${name}`);
  if (named.length > 0) return named;
  return allRecords(s.native, s.places).records.filter(({ id }) => conditionOf(s, id).kind === "alive");
}

interface Usage {
  readonly stats: Stats;
  readonly atNs: number;
}

/** `undefined` when the container has ended meanwhile. */
function usage({ id }: ContainerRecord): Usage | undefined {
  const groups = containerCgroups().open(id);
  return groups.exists ? { stats: groups.stats(), atNs: Bun.nanoseconds() } : undefined;
}

function statsRow(
  { id, name }: ContainerRecord,
  before: Usage | undefined,
  now: Usage | undefined,
): string[] | undefined {
  if (before === undefined || now === undefined) return undefined;
  const { cpuNs = 0, memoryBytes = 0, memoryLimitBytes, pids, readBytes, writtenBytes } = now.stats;
  const cpu = (100 * (cpuNs - (before.stats.cpuNs ?? 0))) / (now.atNs - before.atNs);
  const limit = memoryLimitBytes ?? machineMemory();
  return [
    shortId(id),
    name,
    `${Math.max(0, cpu).toFixed(2)}%`,
    `${sizeText(memoryBytes)} / ${sizeText(limit)}`,
    `${((100 * memoryBytes) / limit).toFixed(2)}%`,
    [readBytes, writtenBytes].map((bytes) => (bytes === undefined ? "?" : sizeText(bytes))).join(" / "),
    String(pids ?? "?"),
  ];
}

const machineMemory = (): number => process.getBuiltinModule("node:os").totalmem();
