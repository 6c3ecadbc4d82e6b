import type { LookNative } from "../files.ts";
import type { Container, Remark } from "../model.ts";
import { cniCache } from "./cni.ts";
import { complete, merge } from "./container.ts";
import { containerdTasks, nerdctlNames, runcStates } from "./containerd.ts";
import { storageContainers } from "./storage.ts";
import { tsboxContainers } from "./tsbox.ts";

/** Sources of what runtimes know, the surest first. */
const SOURCES = [tsboxContainers, containerdTasks, storageContainers, nerdctlNames, runcStates, cniCache];

/** Every container that a runtime's state tells of, by ID. */
export function listContainers(native: LookNative, root: string, remarks: Remark[]): Map<string, Container> {
  const found = new Map<string, Container>();
  for (const source of SOURCES)
    for (const known of source(native, root, remarks)) {
      const before = found.get(known.id);
      found.set(known.id, before === undefined ? complete(known) : merge(before, known));
    }
  return found;
}
