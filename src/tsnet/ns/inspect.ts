import type { Command } from "commander";
import { ALL_PARTS, lookAt } from "../look/index.ts";
import { sayRemarks } from "../remarks.ts";
import { Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { lookFor, NS_HELP } from "../target.ts";
import { jsonLine } from "../text.ts";
import { word } from "../word.ts";

export function inspectCommand(s: Surroundings): Command {
  return word("inspect", "everything about one namespace in one view", [
    "tsnet ns inspect blue",
    "tsnet ns inspect host --json",
  ])
    .argument("[ns]", `${NS_HELP}; default: the one this command is called in`)
    .option("--json", "as JSON on stdout: parts have the form of ip -j, bridge -j, nft -j, tc -j")
    .action(async (name: string | undefined, { json = false }: { json?: boolean }) => {
      const { host, ns } = lookFor(s, name);
      // Only this word needs the forms of everything.
      const { inspectJson, inspectText } = await import("./view.ts");
      const { withPeers } = await import("../list/word.ts");
      const seen = await lookAt(s, host.namespaces, ALL_PARTS, [ns]);
      const look = await withPeers(s, seen, host.namespaces);
      const [snapshot] = look.snapshots;
      if (!snapshot) return;
      if (json) s.out(jsonLine(inspectJson(snapshot, look)));
      else s.out(inspectText(s, snapshot, look));
      sayRemarks(s, snapshot.remarks);
      if (snapshot.links === undefined) throw new Unsuccessful();
    });
}
