import type { Command } from "commander";
import { encodeJson } from "../../cni/json.ts";
import { syncOverlay } from "../../plugin/overlay/sync.ts";
import { Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { count, indented, printable } from "../text.ts";
import { forEachOverlay, type OverlayOptions, overlayWord } from "./overlays.ts";

const HELP = `
Makes the device where there is none. Whatever keeps peersDir up to date calls this after each change; a second call
changes nothing. A peer that cannot be used is reported, the others are connected all the same, and the exit status is 1.
While a peer file cannot be read nothing is removed: its host may still be there.`;

export function syncCommand(s: Surroundings): Command {
  return overlayWord("sync", "make the kernel agree with the config; says what it changed", [
    "tsnet overlay sync",
    "tsnet overlay sync blue",
  ])
    .addHelpText("after", HELP)
    .action(async (name: string | undefined, options: OverlayOptions) => {
      let whole = true;
      await forEachOverlay(s, name, options, async ({ sources, conf }) => {
        const { plan, changes, problems } = await syncOverlay(sources, conf);
        whole &&= problems.length === 0;
        if (options.json)
          s.out(`${encodeJson({ network: plan.network, changes: [...changes], problems: [...problems] })}\n`);
        else {
          const sum = changes.length === 0 ? "nothing to change" : count(changes.length, "change");
          s.out(
            `network ${plan.network}, ${count(plan.remotes.length, "peer")}: ${sum}\n${indented(changes.map(printable).join("\n"))}`,
          );
          s.err(problems.map(({ from, message }) => printable(`not used: ${from}: ${message}`)).join("\n"));
          if (problems.length > 0) s.err("\n");
        }
      });
      if (!whole) throw new Unsuccessful();
    });
}
