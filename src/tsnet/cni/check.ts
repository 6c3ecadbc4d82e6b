import type { Command } from "commander";
import { checkNetwork } from "../../cni/runtime/chain.ts";
import type { Surroundings } from "../surroundings.ts";
import { type AttachmentOptions, attachmentOf, attachmentWord } from "./attachment.ts";
import { networkOf } from "./networks.ts";
import { runtimeOf } from "./options.ts";

export function checkCommand(s: Surroundings): Command {
  return attachmentWord("check", "is everything that add made still there?", [
    "tsnet cni check web /run/netns/blue && echo fine",
  ]).action(async (network: string, netns: string, options: AttachmentOptions) => {
    const attachment = attachmentOf(s, netns, options);
    const list = networkOf(s, network, options);
    await checkNetwork(runtimeOf(s, options), list, attachment);
    if (list.disableCheck) s.err(`network "${list.name}" says disableCheck: nothing was checked\n`);
    if (options.json) s.out("{}\n");
  });
}
