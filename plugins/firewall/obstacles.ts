import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { type ForeignChain, type NftView, nftLookup, type TableRef } from "../../src/kernel/nft.ts";
import { verdict } from "../../src/plugin/nat/expressions.ts";
import { contains } from "../../src/plugin/nat/shared.ts";
import { bridgeObstacles } from "./bridge-obstacles.ts";
import { hasMark, markText } from "./mark.ts";
import { type Member, profilesOf } from "./member.ts";
import { bridgePort } from "./member-of.ts";
import { FILTER, FORWARD, type Passage, testsOf } from "./passage.ts";

/** A base chain that drops what it does not accept, and does not know our mark. */
export interface Obstacle {
  /** `inet filter forward` */
  readonly name: string;
  /** The rule that it needs, in nft's words. */
  readonly remedy: string;
}

/** Where our own chain stands: what runs before it cannot see the mark. */
const OUR_PRIORITY = -10;
const DORMANT = 1;

/**
 * Base chains at the forward hook that would drop a container's packets or frames, those excepted that we have a rule for.
 * @param hooked as `chainsAtForward` gives them
 */
export async function obstacles(
  host: Kernel,
  view: NftView,
  member: Member,
  hooked: readonly ForeignChain[],
): Promise<Obstacle[]> {
  const found = await obstaclesFor(view, profilesOf(member), hooked);
  const ofBridges = dropping(hooked, ["bridge"]);
  if (ofBridges.length === 0) return found;
  const port = await bridgePort(host, member.hostSide);
  if (port === undefined) return found;
  return [...found, ...(await bridgeObstacles(view, await awake(view, ofBridges), port, member.hostSide))];
}

/** The same for packets that are routed, without a container. */
export async function obstaclesFor(
  view: NftView,
  passages: readonly Passage[],
  hooked: readonly ForeignChain[],
): Promise<Obstacle[]> {
  const families = new Set(passages.map(({ family }) => family));
  const concerned = dropping(hooked, ["inet", ...(families.has(4) ? ["ip"] : []), ...(families.has(6) ? ["ip6"] : [])]);
  const ours = [...families].map((family) => FILTER[family]);
  const unknown = concerned.filter(
    ({ table: { family, table }, chain }) =>
      chain !== FORWARD || !ours.some((filter) => filter.family === family && filter.table === table),
  );
  const found: Obstacle[] = [];
  for (const { table, chain, priority } of await awake(view, unknown)) {
    const late = priority > OUR_PRIORITY;
    const marks = [...new Set(passages.map(({ mark }) => mark))];
    const lacking = late ? await marksUnknownTo(view, table, chain, marks) : marks;
    if (lacking.length === 0) continue;
    const name = `${table.family} ${table.table} ${chain}`;
    found.push({
      name,
      remedy: late
        ? lacking.map((m) => `nft insert rule ${name} meta mark and ${markText(m)} == ${markText(m)} accept`).join("; ")
        : `its priority must be above ${OUR_PRIORITY}: it runs before packets get the mark that lets them pass`,
    });
  }
  return found;
}

/** A base chain with policy drop. */
export interface DroppingChain {
  readonly table: TableRef;
  readonly chain: string;
  readonly priority: number;
}

function dropping(hooked: readonly ForeignChain[], families: readonly string[]): DroppingChain[] {
  return hooked.flatMap(({ family, table, name, policy, hook }) =>
    policy === "drop" && families.includes(String(family)) && table !== undefined && name !== undefined
      ? [{ table: { family: family as TableRef["family"], table }, chain: name, priority: hook?.priority ?? 0 }]
      : [],
  );
}

/** Without those of tables that are switched off. */
async function awake(view: NftView, chains: readonly DroppingChain[]): Promise<DroppingChain[]> {
  const about = await view.findAll(chains.map(({ table }) => nftLookup.table(table)));
  return chains.filter((_, i) => ((about[i]?.flags ?? 0) & DORMANT) === 0);
}

async function marksUnknownTo(view: NftView, table: TableRef, chain: string, marks: readonly number[]) {
  const rules = await view.rules(table, chain);
  return marks.filter(
    (mark) => !rules.some((rule) => contains(testsOf(rule.expressions), [...hasMark(mark), verdict("accept")])),
  );
}

export function refuseObstacles([first, ...others]: readonly Obstacle[]): void {
  if (!first) return;
  const all = [first, ...others];
  throw new CniError(
    CNI_CODE.OPERATION_FAILED,
    `nft chain${all.length > 1 ? "s" : ""} ${all.map(({ name }) => `"${name}"`).join(", ")} would drop the container's packets: policy drop at the forward hook`,
    `let them pass there: ${all.map(({ remedy }) => remedy).join("; ")}`,
  );
}
