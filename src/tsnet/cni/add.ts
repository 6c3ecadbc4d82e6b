import type { Command } from "commander";
import { encodeJson } from "../../cni/json.ts";
import { formatResult } from "../../cni/result-format.ts";
import { addNetwork } from "../../cni/runtime/chain.ts";
import { isCniVersion } from "../../cni/version.ts";
import type { Surroundings } from "../surroundings.ts";
import { type AttachmentOptions, attachmentOf, attachmentWord } from "./attachment.ts";
import { networkOf } from "./networks.ts";
import { runtimeOf } from "./options.ts";

export function addCommand(s: Surroundings): Command {
  return attachmentWord("add", "attach a namespace to a network and print the result", [
    "ip netns add blue && tsnet cni add web /run/netns/blue",
    "tsnet cni add web /run/netns/blue -i net1 --args 'IgnoreUnknown=1;IP=10.1.0.9'",
    `tsnet cni add web /run/netns/blue --cap-args '{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}'`,
  ]).action(async (network: string, netns: string, options: AttachmentOptions) => {
    const attachment = attachmentOf(s, netns, options);
    const list = networkOf(s, network, options);
    try {
      const result = await addNetwork(runtimeOf(s, options), list, attachment);
      const text = isCniVersion(list.cniVersion) ? formatResult(result, list.cniVersion) : encodeJson(result);
      s.out(`${text}\n`);
    } catch (error) {
      // The specification leaves cleaning up after a failed ADD to the caller's DEL.
      const name = `${network} ${netns}${options.ifname === undefined ? "" : ` -i ${options.ifname}`}`;
      s.err(`what was begun may still be there; it goes with: tsnet cni del ${name}\n`);
      throw error;
    }
  });
}
