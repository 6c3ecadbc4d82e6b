import type { ContainerConfig, DeviceNode } from "../helper/config.ts";
import type { ContainerRecord } from "./record.ts";

/** linux: Documentation/admin-guide/devices.txt */
const NODES: readonly (readonly [string, number, number])[] = [
  ["null", 1, 3],
  ["zero", 1, 5],
  ["full", 1, 7],
  ["random", 1, 8],
  ["urandom", 1, 9],
  ["tty", 5, 0],
];

const SYMLINKS = [
  { path: "/dev/fd", target: "/proc/self/fd" },
  { path: "/dev/stdin", target: "/proc/self/fd/0" },
  { path: "/dev/stdout", target: "/proc/self/fd/1" },
  { path: "/dev/stderr", target: "/proc/self/fd/2" },
  { path: "/dev/core", target: "/proc/kcore" },
  { path: "/dev/ptmx", target: "pts/ptmx" },
];

/** The container's /dev; none of it where something else is mounted there. */
export function devicesOf({ binds, tmpfs }: ContainerRecord): Pick<ContainerConfig, "devices" | "symlinks"> {
  if ([...binds, ...tmpfs].some(({ target }) => target === "/dev")) return {};
  const devices = NODES.map(
    ([name, major, minor]): DeviceNode => ({ path: `/dev/${name}`, type: "c", major, minor, mode: 0o666 }),
  );
  return { devices, symlinks: SYMLINKS };
}
