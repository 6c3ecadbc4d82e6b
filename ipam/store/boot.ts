import { type Files, readIfThere } from "./files.ts";

/** Which run of which machine this is. */
export interface BootIdentity {
  /** `/proc/sys/kernel/random/boot_id` (random(4)): another one for every start of the kernel. */
  readonly bootId: string;
  /** `/etc/machine-id` (machine-id(5)); `undefined` where it is missing or not yet set: then no lease ages. */
  readonly machineId: string | undefined;
}

export function readBootIdentity(files: Files): BootIdentity {
  const bootId = readIfThere(files, "/proc/sys/kernel/random/boot_id", 128)?.trim() ?? "";
  const machineId = readIfThere(files, "/etc/machine-id", 4096)?.trim() ?? "";
  return { bootId, machineId: /^[0-9a-f]{32}$/.test(machineId) ? machineId : undefined };
}
