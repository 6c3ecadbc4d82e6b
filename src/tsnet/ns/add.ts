import type { Command } from "commander";
import { isSystemError } from "../../../native/load.ts";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { openKernel } from "../../kernel/open.ts";
import { NETNS_FOLDER } from "../look/mounts.ts";
import type { Surroundings } from "../surroundings.ts";
import { word } from "../word.ts";
import { netnsPath } from "./name.ts";

export function addCommand(s: Surroundings): Command {
  return word("add", "make a namespace with a name, as ip netns add does", [
    "tsnet ns add blue --up",
    "tsnet ns add red",
  ])
    .argument("<name>", "a name that is not taken yet")
    .option("--up", "switch its loopback on")
    .action(async (name: string, { up = false }: { up?: boolean }) => {
      const path = netnsPath(name);
      s.native.makeDirs(NETNS_FOLDER, 0o755);
      try {
        s.native.netnsCreate(path);
      } catch (error) {
        if (!isSystemError(error) || error.code !== "EEXIST") throw error;
        throw new CniError(
          CNI_CODE.OPERATION_FAILED,
          `there is a namespace "${name}" already`,
          `tsnet ns del ${name} removes it`,
          {
            cause: error,
          },
        );
      }
      if (!up) return;
      await using home = openKernel(s.native, { waiting: "here" });
      await using there = await home.enter(path);
      await there.link.set("lo", { up: true });
    });
}
