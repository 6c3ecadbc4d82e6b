import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { group } from "../word.ts";
import { lsCommand } from "./ls.ts";
import { releaseCommand } from "./release.ts";

/** `tsnet ports`: what the plugin portmap has published in the namespace the command is called in. */
export function portsCommand(s: Surroundings): Command {
  return group("ports", "published ports: who holds which, and freeing one by hand", "tsnet ports ls", [
    lsCommand(s),
    releaseCommand(s),
  ]);
}
