/** The views of `tsnet … ls --json`, beside those of the tools whose form they have. */
import { tsnet } from "../../src/tsnet/testing/surroundings.ts";
import type { Place } from "../support/place.ts";

type Obj = Record<string, unknown>;

/** What runs down or up by itself, so that two readings differ. */
const MOVING = new Set([
  "hello_timer",
  "tcn_timer",
  "topology_change_timer",
  "gc_timer",
  "hold_timer",
  "message_age_timer",
  "forward_delay_timer",
  "expires",
]);

/** The same value without what moves, and elements of sets in one order: nft sorts them by means of its own. */
function still(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(still);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => !MOVING.has(key) && member !== undefined)
      .map(([key, member]) => [key, key === "elem" || key === "set" ? sorted(still(member)) : still(member)]),
  );
}

const sorted = (value: unknown): unknown =>
  Array.isArray(value) ? value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : value;

function parse(text: string, command: readonly string[]): Obj[] {
  try {
    return text.trim() === "" ? [] : (JSON.parse(text) as Obj[]);
  } catch (error) {
    throw new Error(`${command.join(" ")} printed no JSON: ${text}`, { cause: error });
  }
}

export interface View {
  readonly name: string;
  theirs(place: Place): Promise<unknown>;
  ours(name: string): Promise<unknown>;
}

const tool =
  (...commands: readonly string[][]) =>
  async (place: Place): Promise<unknown> => {
    const all: Obj[] = [];
    for (const command of commands) all.push(...parse(await place.exec(...command), command));
    return all;
  };

const words =
  (...args: readonly string[]) =>
  async (name: string): Promise<unknown> => {
    const { exit, out, err } = await tsnet([...args, "-n", name, "--json"]);
    if (exit !== 0) throw new Error(`tsnet ${args.join(" ")}: exit ${exit}\n${err}`);
    return JSON.parse(out);
  };

/** Without the line that says which program printed it. */
const objects = (value: unknown): Obj[] =>
  ((value as { nftables: Obj[] }).nftables ?? []).filter((each) => !Object.hasOwn(each, "metainfo"));

export const VIEWS: readonly View[] = [
  { name: "link", theirs: tool(["ip", "-j", "-d", "link"]), ours: words("link", "ls") },
  { name: "addr", theirs: tool(["ip", "-j", "addr"]), ours: words("addr", "ls") },
  { name: "route", theirs: tool(["ip", "-j", "-4", "route"], ["ip", "-j", "-6", "route"]), ours: words("route", "ls") },
  {
    name: "route --table all",
    theirs: tool(
      ["ip", "-j", "-4", "route", "show", "table", "all"],
      ["ip", "-j", "-6", "route", "show", "table", "all"],
    ),
    ours: words("route", "ls", "--table", "all"),
  },
  {
    name: "route --table 77",
    theirs: tool(["sh", "-c", 'out=$(ip -j -4 route show table 77 2>/dev/null) && echo "$out" || echo []']),
    ours: words("route", "ls", "--table", "77"),
  },
  { name: "rule", theirs: tool(["ip", "-j", "-4", "rule"], ["ip", "-j", "-6", "rule"]), ours: words("rule", "ls") },
  { name: "neigh", theirs: tool(["ip", "-j", "neigh"]), ours: words("neigh", "ls") },
  {
    name: "neigh --noarp",
    theirs: tool(["ip", "-j", "neigh", "show", "nud", "all"]),
    ours: words("neigh", "ls", "--noarp"),
  },
  { name: "fdb", theirs: tool(["bridge", "-j", "fdb"]), ours: words("fdb", "ls") },
  { name: "qdisc", theirs: tool(["tc", "-j", "qdisc"]), ours: words("qdisc", "ls") },
  {
    name: "nft",
    theirs: async (place) => objects(JSON.parse(await place.exec("nft", "-j", "list", "ruleset"))),
    ours: async (name) => objects(await words("nft", "ls")(name)),
  },
];

const TRIES = 20;

/**
 * Reads a view both ways until both say the same; links settle for a moment after they were made, and neighbours age. Gives the
 * last two readings, equal or not.
 */
export async function bothWays(view: View, place: Place): Promise<{ theirs: unknown; ours: unknown }> {
  for (let attempt = 1; ; attempt++) {
    const theirs = still(await view.theirs(place));
    const ours = still(await view.ours(place.name));
    if (attempt >= TRIES || Bun.deepEquals(theirs, ours)) return { theirs, ours };
    await Bun.sleep(50);
  }
}
