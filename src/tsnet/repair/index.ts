import type { Command } from "commander";
import { encodeJson } from "../../cni/json.ts";
import { DEFAULT_CACHE_DIR } from "../../cni/runtime/host.ts";
import { cacheFolders } from "../caches.ts";
import { withHost } from "../kernel.ts";
import { errorObject, Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { count, indented, printable } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import { word } from "../word.ts";
import { type Released, releaseAll } from "./release.ts";
import { type Repaired, repairAll } from "./repair.ts";

interface Options {
  readonly cacheDir?: string;
  readonly release?: boolean;
  readonly foreign?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const HELP = `
Somebody's "nft flush ruleset" takes published ports, masquerading and source address checks from running containers.
repair goes through the attachments that runtimes remember, and for each whose link still stands puts back what is
missing: gateway addresses, forwarding, masquerading, published ports. It asks no IPAM, gives no new addresses, and may
be run at any time, as often as you like.

--release is for a switch back to other plugins: it deletes our tables, and running containers are left
  - without published ports,
  - without masquerading, so without a way out where the network outside does not know theirs,
until they are started anew (ADD) with the other plugins, or until tsnet repair. Their links, addresses and leases stay,
and the other plugins' DEL removes them. Best order: put the other plugins in place (tsnet uninstall), restart the
containers one by one, release at the end. Never release while plugins of ours are still called: the next ADD makes the
tables again.`;

export function repairCommand(s: Surroundings): Command {
  return word("repair", "put ports, masquerading and gateways back after somebody flushed them", [
    "tsnet repair --dry-run",
    "tsnet repair",
    "tsnet repair --release",
  ])
    .option(
      "--cache-dir <folder>",
      `where runtimes remember attachments (default ${DEFAULT_CACHE_DIR}, and tsbox's own)`,
    )
    .option("--foreign", "also publish ports of containers whose main plugin is another's")
    .option("--release", "the other way: take ours away before a switch to other plugins")
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--json", "what was done, or why not, as JSON on stdout")
    .addHelpText("after", HELP)
    .action(async ({ cacheDir, release = false, foreign = false, dryRun = false, json = false }: Options) => {
      if (release && foreign) throw new UsageError("--release and --foreign exclude each other", "choose one");
      if (release) {
        const released = await withHost(s, (host) => releaseAll(host, { dryRun }));
        s.out(json ? `${encodeJson({ dryRun, ...released })}\n` : releasedText(released, dryRun));
        return;
      }
      // Folders that are not there tell of nobody; the usual one is named all the same.
      const [first = "", ...others] = cacheFolders(s, { cacheDir });
      const folders = [first, ...others.filter((folder) => cacheFiles(s, folder) > 0)];
      const all: Repaired[] = [];
      for (const folder of folders) {
        const part = await withHost(s, (host) => repairAll(s, host, { cacheDir: folder, dryRun, foreign }));
        all.push(...part);
        const leftOut = cacheFiles(s, folder) - part.length;
        if (leftOut > 0)
          s.err(
            `${count(leftOut, "file")} in ${folder}/results could not be understood, and ${leftOut === 1 ? "was" : "were"} left out\n`,
          );
      }
      s.out(
        json
          ? `${encodeJson({ dryRun, attachments: all.map(repairedJson) })}\n`
          : repairedText(all, { folders, dryRun }),
      );
      if (all.some(({ state }) => state === "failed")) throw new Unsuccessful();
    });
}

function cacheFiles({ native }: Surroundings, cacheDir: string): number {
  const folder = `${cacheDir}/results`;
  return native.stat(folder, true)?.kind === "directory" ? native.listDir(folder, 1_000_000).length : 0;
}

const repairedJson = ({ error, ...rest }: Repaired) => ({ ...rest, error: error && errorObject(error) });

function repairedText(all: readonly Repaired[], how: { folders: readonly string[]; dryRun: boolean }): string {
  const lines = all.flatMap(({ network, containerId, ifName, state, missing, error }) => {
    if (state !== "repaired" && state !== "failed") return [];
    const facts = missing.map((text) => `${how.dryRun ? "missing" : "put back"}: ${text}`);
    if (error) facts.push(`failed: ${error.message} (code ${error.code})`, ...error.details.split("\n"));
    const shown = facts.filter((text) => text !== "").map(printable);
    return [`${printable(`${network} ${containerId} ${ifName}`)}\n${indented(shown.join("\n"))}`];
  });
  const number = (state: Repaired["state"]): number => all.filter((one) => one.state === state).length;
  const parts = [
    `${number("whole")} whole`,
    `${number("repaired")} ${how.dryRun ? "to repair" : "repaired"}`,
    `${number("failed")} failed`,
    `${number("gone")} gone`,
    `${number("foreign")} of another main plugin`,
  ];
  const sum = `${count(all.length, "attachment")} in ${how.folders.join(" and ")}: ${parts.join(", ")}\n`;
  return `${lines.join("")}${sum}${how.dryRun ? "nothing was done: --dry-run\n" : ""}`;
}

function releasedText({ tables, publishedPorts, masqueraded, links }: Released, dryRun: boolean): string {
  if (tables.length === 0) return "there is nothing to release: no table of ours\n";
  const lines = [
    `tables ${tables.join(", ")}: ${count(publishedPorts, "published port")}, masquerading of ${count(masqueraded, "address", "addresses")}`,
    ...links.map(
      (link) => `sysctl net.ipv4.conf.${link}.route_localnet: 0, for the guard of the host's loopback is in the tables`,
    ),
  ];
  const end = dryRun
    ? "nothing was done: --dry-run\n"
    : "Running containers have lost these until they are started anew with the other plugins, or until: tsnet repair\n";
  return `${dryRun ? "would go" : "gone"}:\n${indented(lines.join("\n"))}${end}`;
}
