import type { ContainerCgroup } from "../cgroup/cgroup.ts";
import { applyDeviceRules } from "../devices/apply.ts";
import { allDevices, DEFAULT_NODES, DEV_LINKS, type HostDevice, requestedDevices } from "../devices/nodes.ts";
import { ALL_DEVICES, DEFAULT_RULES } from "../devices/rules.ts";
import type { ContainerConfig } from "../helper/config.ts";
import type { ContainerRecord } from "./record.ts";

/** A container's devices: those everybody has, those of --device, with --privileged all of the host's. */
export interface Devices {
  readonly config: Pick<ContainerConfig, "devices" | "symlinks">;
  /** Puts the rules for them in force, before anything runs. */
  limit(groups: ContainerCgroup): void;
}

/** Looks at the host's devices; changes nothing. */
export function devicesOf(record: ContainerRecord): Devices {
  const asked = record.devices.flatMap((device) => requestedDevices(device));
  const all = record.privileged ? allDevices() : [];
  const handed: HostDevice[] = [
    ...all.filter(({ node }) => !asked.some((one) => one.node.path === node.path)),
    ...asked,
  ];
  const rules = record.privileged ? ALL_DEVICES : [...DEFAULT_RULES, ...asked.map(({ rule }) => rule)];
  // Whoever mounts something on /dev brings his own.
  const isReplaced = [...record.binds, ...record.tmpfs].some(({ target }) => target === "/dev");
  const config = isReplaced
    ? {}
    : { devices: [...DEFAULT_NODES, ...handed.map(({ node }) => node)], symlinks: DEV_LINKS };
  return { config, limit: (groups) => applyDeviceRules(groups, rules) };
}
