import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { group } from "../word.ts";
import { gcCommand, releaseCommand } from "./free.ts";
import { importCommand } from "./import.ts";
import { lsCommand, showCommand, usageCommand } from "./ls.ts";

/** `tsnet ipam`: the leases of host-local, ours and the reference's. */
export function ipamCommand(s: Surroundings): Command {
  return group(
    "ipam",
    "address leases: whose they are, how many are left, freeing what nobody holds",
    "tsnet ipam ls",
    [lsCommand(s), showCommand(s), usageCommand(s), releaseCommand(s), gcCommand(s), importCommand(s)],
  );
}
