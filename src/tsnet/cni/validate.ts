import type { Command } from "commander";
import { encodeJson } from "../../cni/json.ts";
import { validateNetworkList } from "../../cni/runtime/validate-list.ts";
import type { Surroundings } from "../surroundings.ts";
import { count } from "../text.ts";
import { networkOf } from "./networks.ts";
import { type CommonOptions, cniWord, runtimeOf } from "./options.ts";

export function validateCommand(s: Surroundings): Command {
  return cniWord("validate", "can a network work: does it parse, are its plugins there, do versions fit?", [
    "tsnet cni validate web",
    "tsnet cni validate web --conf-dir ./net.d --cni-path /opt/cni/bin:/usr/lib/cni",
  ])
    .argument("<network>", "name of a network in the configuration folder")
    .action(async (network: string, options: CommonOptions) => {
      const list = networkOf(s, network, options);
      const capabilities = await validateNetworkList(runtimeOf(s, options), list);
      if (options.json) s.out(`${encodeJson({ name: list.name, cniVersion: list.cniVersion, capabilities })}\n`);
      else
        s.out(
          `network "${list.name}" is fine: version ${list.cniVersion}, ${count(list.plugins.length, "plugin")}` +
            `${capabilities.length > 0 ? `, capabilities ${capabilities.join(", ")}` : ""}\n`,
        );
    });
}
