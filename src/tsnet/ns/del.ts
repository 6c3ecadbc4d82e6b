import type { Command } from "commander";
import { isSystemError } from "../../../native/load.ts";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { findNamespaces } from "../look/index.ts";
import type { Surroundings } from "../surroundings.ts";
import { targetOf } from "../target.ts";
import { word } from "../word.ts";
import { netnsPath } from "./name.ts";
import { ownerText } from "./owner.ts";

export function delCommand(s: Surroundings): Command {
  return word("del", "take a namespace's name away; without anybody in it, it ends", ["tsnet ns del red"])
    .argument("<name>", "a name of tsnet ns ls")
    .option("--force", "also when processes or a container live in it")
    .action((name: string, { force = false }: { force?: boolean }) => {
      const path = netnsPath(name);
      const host = findNamespaces(s.native);
      const ns = host.namespaces.find((each) => each.name === name);
      if (ns && !force && (ns.processCount > 0 || ns.containers.length > 0 || ns.host))
        throw new CniError(
          CNI_CODE.OPERATION_FAILED,
          `the namespace "${name}" is in use: ${ownerText(ns)}`,
          `its name alone goes with: tsnet ns del ${name} --force`,
        );
      try {
        s.native.netnsDelete(path);
      } catch (error) {
        if (!isSystemError(error)) throw error;
        // Says which names are near.
        if (error.code === "ENOENT") targetOf(s, host, name);
        if (error.code === "ENOENT" || error.code === "EINVAL")
          throw new CniError(
            CNI_CODE.INVALID_NETNS,
            `"${name}" is no name of a namespace`,
            "only names are deleted, not containers",
            {
              cause: error,
            },
          );
        throw error;
      }
    });
}
