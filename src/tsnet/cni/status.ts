import type { Command } from "commander";
import { statusNetwork } from "../../cni/runtime/chain.ts";
import { STATUS_SINCE, versionAtLeast } from "../../cni/version.ts";
import type { Surroundings } from "../surroundings.ts";
import { networkOf } from "./networks.ts";
import { type CommonOptions, cniWord, runtimeOf } from "./options.ts";

export function statusCommand(s: Surroundings): Command {
  return cniWord("status", "are the network's plugins ready for add?", ["tsnet cni status web"])
    .argument("<network>", "name of a network in the configuration folder")
    .argument("[netns]", "taken for cnitool's sake")
    .action(async (network: string, _netns: string | undefined, options: CommonOptions) => {
      const list = networkOf(s, network, options);
      await statusNetwork(runtimeOf(s, options), list);
      const asked = versionAtLeast(list.cniVersion, STATUS_SINCE);
      if (!asked)
        s.err(
          `network "${list.name}" has version ${list.cniVersion}, and STATUS exists since ${STATUS_SINCE}: ` +
            "its plugins were not asked\n",
        );
      if (options.json) s.out("{}\n");
      else if (asked) s.err(`network "${list.name}" is ready\n`);
    });
}
