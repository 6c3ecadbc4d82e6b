import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { group } from "../word.ts";
import { addCommand } from "./add.ts";
import { checkCommand } from "./check.ts";
import { delCommand } from "./del.ts";
import { gcCommand } from "./gc.ts";
import { listCommand } from "./list.ts";
import { statusCommand } from "./status.ts";
import { validateCommand } from "./validate.ts";
import { versionCommand } from "./version.ts";

/**
 * `tsnet cni`: plugins by hand. What cnitool does, with the same environment variables, arguments and container IDs, and
 * also the networks there are, the plugins' versions, and whether a list can work.
 */
export function cniCommand(s: Surroundings): Command {
  return group("cni", "attach namespaces to networks by CNI plugins, as a container runtime does", "tsnet cni list", [
    addCommand(s),
    delCommand(s),
    checkCommand(s),
    gcCommand(s),
    statusCommand(s),
    versionCommand(s),
    listCommand(s),
    validateCommand(s),
  ]);
}
