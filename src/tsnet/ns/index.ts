import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { group } from "../word.ts";
import { addCommand } from "./add.ts";
import { delCommand } from "./del.ts";
import { execCommand } from "./exec.ts";
import { inspectCommand } from "./inspect.ts";
import { lsCommand } from "./ls.ts";

/** `tsnet ns`: the network namespaces of the host. */
export function nsCommand(s: Surroundings): Command {
  return group("ns", "network namespaces: which there are, what is in them", "tsnet ns ls", [
    lsCommand(s),
    inspectCommand(s),
    execCommand(s),
    addCommand(s),
    delCommand(s),
  ]);
}
