import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { group } from "../word.ts";
import { pingCommand } from "./ping.ts";
import { showCommand } from "./show.ts";
import { syncCommand } from "./sync.ts";

/** `tsnet overlay`: this host's part of the networks that the plugin vxlan spans between hosts. */
export function overlayCommand(s: Surroundings): Command {
  return group(
    "overlay",
    "networks between hosts: look, make kernel and config agree, ask the others",
    "tsnet overlay show",
    [showCommand(s), syncCommand(s), pingCommand(s)],
  );
}
