import type { Command } from "commander";
import { gcNetwork } from "../../cni/runtime/chain.ts";
import type { CniAttachment } from "../../cni/types.ts";
import { GC_SINCE, versionAtLeast } from "../../cni/version.ts";
import type { Surroundings } from "../surroundings.ts";
import { keptAttachment } from "./attachment.ts";
import { networkOf } from "./networks.ts";
import { type CommonOptions, cniWord, runtimeOf } from "./options.ts";

interface GcOptions extends CommonOptions {
  readonly keep?: readonly CniAttachment[];
}

export function gcCommand(s: Surroundings): Command {
  return cniWord("gc", "detach every attachment of a network that is not kept", [
    "tsnet cni gc web --keep cnitool-6b4b4e1f1d2c3a4b5c6d/eth0",
  ])
    .argument("<network>", "name of a network in the configuration folder")
    .argument("[netns]", "taken for cnitool's sake; GC concerns the whole network")
    .option(
      "--keep <containerID/ifname>",
      "an attachment that is still valid; again for each (default: none)",
      (text: string, before: readonly CniAttachment[] = []) => [...before, keptAttachment(text)],
    )
    .action(async (network: string, _netns: string | undefined, options: GcOptions) => {
      const list = networkOf(s, network, options);
      await gcNetwork(runtimeOf(s, options), list, options.keep ?? []);
      if (list.disableGC) s.err(`network "${list.name}" says disableGC: nothing was done\n`);
      else if (!versionAtLeast(list.cniVersion, GC_SINCE))
        s.err(
          `network "${list.name}" has version ${list.cniVersion}, and GC exists since ${GC_SINCE}: ` +
            "the attachments that were remembered are gone, the plugins were not asked for others\n",
        );
      if (options.json) s.out("{}\n");
    });
}
