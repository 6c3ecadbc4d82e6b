import type { Command } from "commander";
import { CniError } from "../../cni/errors.ts";
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
    "tsnet cni add web /run/netns/blue -i net1 --args 'IgnoreUnknown=1;IP=10.89.7.9'",
    `tsnet cni add web /run/netns/blue --cap-args '{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}'`,
  ]).action(async (network: string, netns: string, options: AttachmentOptions) => {
    const attachment = attachmentOf(s, netns, options);
    const list = networkOf(s, network, options);
    try {
      const result = await addNetwork(runtimeOf(s, options), list, attachment);
      const text = isCniVersion(list.cniVersion) ? formatResult(result, list.cniVersion) : encodeJson(result);
      s.out(`${text}\n`);
    } catch (error) {
      throw withWayBack(error, `tsnet cni del ${network} ${netns}`, options);
    }
  });
}

/** The specification leaves cleaning up after a failed ADD to the caller's DEL. */
function withWayBack(error: unknown, del: string, { ifname, containerId }: AttachmentOptions): unknown {
  if (!(error instanceof CniError)) return error;
  const command = [
    del,
    ...(ifname === undefined ? [] : ["-i", ifname]),
    ...(containerId === undefined ? [] : ["--container-id", containerId]),
  ].join(" ");
  const details = `${error.details}\nwhat was begun may still be there; it goes with: ${command}`.trim();
  return new CniError(error.code, error.message, details, { cause: error });
}
