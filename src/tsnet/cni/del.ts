import type { Command } from "commander";
import { delNetwork } from "../../cni/runtime/chain.ts";
import type { Surroundings } from "../surroundings.ts";
import { type AttachmentOptions, attachmentOf, attachmentWord } from "./attachment.ts";
import { networkOf } from "./networks.ts";
import { runtimeOf } from "./options.ts";

export function delCommand(s: Surroundings): Command {
  return attachmentWord("del", "detach it; succeeds when it is gone already", [
    "tsnet cni del web /run/netns/blue",
  ]).action(async (network: string, netns: string, options: AttachmentOptions) => {
    const attachment = attachmentOf(s, netns, options);
    await delNetwork(runtimeOf(s, options), networkOf(s, network, options), attachment);
    if (options.json) s.out("{}\n");
  });
}
