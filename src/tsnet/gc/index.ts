import type { Command } from "commander";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { toCniError } from "../../plugin/errors.ts";
import { cacheFolders } from "../caches.ts";
import { takeCensus } from "../census.ts";
import { cniWord } from "../cni/options.ts";
import { withHost } from "../kernel.ts";
import { errorObject, Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { count, jsonLine, printable } from "../text.ts";
import { deadAttachments, type GcOptions, type Leftover, leftovers } from "./find.ts";
import { removeOldLocks } from "./locks.ts";

const HELP = `
Looks for attachments that runtimes remember though their namespace is gone (they get their DEL), and for what nobody
remembers: pairs of links that lead nowhere, published ports and masquerading of addresses that are nowhere, leases
without a holder, names without a namespace. Only what bears our marks, leases and empty names are touched. Where it cannot
be told who is there, nothing is. With --yes the empty lock files in /run/tsnet of namespaces that are gone go without a word.`;

/** `tsnet gc`: what was left behind; says so first, removes it with `--yes`. */
export function gcCommand(s: Surroundings): Command {
  return cniWord("gc", "find what was left behind by containers that are gone; first only says what", [
    "tsnet gc",
    "tsnet gc --yes",
  ])
    .option("--data-dir <folder>", "where leases are, beside what configurations name")
    .option("--yes", "remove it")
    .addHelpText("after", HELP)
    .action((options: GcOptions & { yes?: boolean }) => withHost(s, (host) => run(s, host, options)));
}

async function run(s: Surroundings, host: Parameters<typeof leftovers>[1], options: GcOptions & { yes?: boolean }) {
  const census = await takeCensus(s, ...cacheFolders(s, options));
  if (census.blind !== undefined)
    throw new CniError(CNI_CODE.OPERATION_FAILED, `cannot tell who is gone: ${census.blind}`, "nothing was removed");
  const dead = census.attachments.filter((attachment) => !census.isStanding(attachment));
  const found = [...deadAttachments(s, census, options), ...(await leftovers(s, host, census, dead, options))];
  const outcomes: { leftover: Leftover; error: CniError | undefined }[] = [];
  for (const leftover of found)
    outcomes.push({ leftover, error: options.yes ? await problemOf(leftover.remove) : undefined });
  if (options.yes) removeOldLocks(s, census.host);
  if (options.json)
    s.out(
      jsonLine({
        dry_run: !options.yes,
        found: outcomes.map(({ leftover: { kind, what, why }, error }) => ({
          kind,
          what,
          why,
          error: error && errorObject(error),
        })),
      }),
    );
  else {
    for (const { leftover, error } of outcomes) s.out(`${lineOf(leftover, options.yes ?? false, error)}\n`);
    s.out(summary(outcomes.length, options.yes ?? false));
  }
  if (outcomes.some(({ error }) => error)) throw new Unsuccessful();
}

function lineOf({ kind, what, why }: Leftover, yes: boolean, error: CniError | undefined): string {
  const done = error ? `not removed: ${error.message}` : yes ? "removed" : "would be removed";
  return printable(`${kind} ${what}: ${why}; ${done}`);
}

const summary = (found: number, yes: boolean): string =>
  found === 0
    ? "nothing was left behind\n"
    : `${count(found, "leftover")}${yes ? "" : "; nothing was done, --yes removes them"}\n`;

/** What went wrong; the others are removed all the same. */
async function problemOf(work: () => Promise<void>): Promise<CniError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const known = toCniError(error);
    if (!known) throw error;
    return known;
  }
}
