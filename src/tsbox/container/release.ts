import { Failure, messageOf } from "../failure.ts";
import { dropFolder, removeFile } from "../store/files.ts";
import { runFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import { containerCgroups } from "./cgroups.ts";
import { removeNetwork } from "./network.ts";
import type { ContainerRecord } from "./record.ts";
import { activePath } from "./state.ts";
import { whileWorking } from "./work.ts";

/**
 * Takes away everything a container has in the kernel: its processes, network, cgroups, the helper's files. Works from the
 * ID alone, twice is fine, goes on after errors and says all of them; the container stays marked as active then, so that the
 * next command tries again. Its lock is held.
 * @param options.ended its first process has ended, and with it, by the kernel, all of its PID namespace
 * @param options.meanwhile what is to be done besides once its processes are gone
 */
export async function release(
  s: Surroundings,
  record: Pick<ContainerRecord, "id" | "network">,
  { ended = false, meanwhile = () => {} }: { readonly ended?: boolean; readonly meanwhile?: () => void } = {},
): Promise<void> {
  const { id, network } = record;
  const errors: string[] = [];
  const step = async (action: () => unknown): Promise<void> => {
    try {
      await action();
    } catch (error) {
      errors.push(messageOf(error));
    }
  };
  const groups = containerCgroups().open(id);
  await whileWorking(s, id, async (held) => {
    if (!ended) await step(() => groups.killAll());
    // Another process does most of it.
    const disconnected = step(() => removeNetwork(s, id, network, held));
    await step(() => groups.remove());
    await step(meanwhile);
    await disconnected;
  });
  if (errors.length > 0) throw new Failure(`cannot remove all of container ${id}: ${errors.join("; ")}`);
  dropFolder(s.native, runFolder(s.places, id));
  removeFile(s.native, activePath(s, id));
}
