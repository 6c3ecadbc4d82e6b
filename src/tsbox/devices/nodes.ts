import type { DeviceNode } from "../helper/config.ts";
import type { DeviceRule } from "./rules.ts";

/** A device that cannot be handed to a container, in a sentence for the user. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
}

const node = (path: string, major: number, minor: number): DeviceNode => ({
  path,
  type: "c",
  major,
  minor,
  mode: 0o666,
});

/** What every container has in /dev (runtime-spec, config-linux.md, "Default Devices"). The console comes with a terminal. */
export const DEFAULT_NODES: readonly DeviceNode[] = [
  node("/dev/null", 1, 3),
  node("/dev/zero", 1, 5),
  node("/dev/full", 1, 7),
  node("/dev/random", 1, 8),
  node("/dev/urandom", 1, 9),
  node("/dev/tty", 5, 0),
];

/** Links in /dev (runtime-spec, runtime-linux.md, "Dev symbolic links"). */
export const DEV_LINKS: readonly { readonly path: string; readonly target: string }[] = [
  { path: "/dev/fd", target: "/proc/self/fd" },
  { path: "/dev/stdin", target: "/proc/self/fd/0" },
  { path: "/dev/stdout", target: "/proc/self/fd/1" },
  { path: "/dev/stderr", target: "/proc/self/fd/2" },
  { path: "/dev/core", target: "/proc/kcore" },
  { path: "/dev/ptmx", target: "pts/ptmx" },
];

/** A node, and the rule that lets the container use it. */
export interface HostDevice {
  readonly node: DeviceNode;
  readonly rule: DeviceRule;
}

/** As `--device HOST[:CONTAINER][:rwm]` says it. */
export interface DeviceRequest {
  readonly source: string;
  readonly target: string;
  readonly access: string;
}

/** What is looked at on the host; fs.statSync and the like, or a stand-in's. */
export interface HostDevices {
  /** lstat(2), or stat(2) with `follow`; `undefined` when there is nothing. */
  stat(path: string, follow: boolean): HostNode | undefined;
  list(path: string): string[];
}

export interface HostNode {
  readonly kind: "c" | "b" | "directory" | "other";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
}

/** A folder of devices, /dev/snd or /dev/dri, has a handful; /dev a few hundred. */
const MAX_DEVICES = 1024;
const MAX_DEPTH = 8;

/** The devices of a `--device`: one, or with a folder all in it. Links are followed once, at the start, as Docker does. */
export function requestedDevices(
  { source, target, access }: DeviceRequest,
  host: HostDevices = kernelDevices(),
): HostDevice[] {
  const is = host.stat(source, true);
  if (!is)
    throw new DeviceError(`Cannot hand device ${JSON.stringify(source)} to the container: there is no such file`);
  if (is.kind === "c" || is.kind === "b") return [deviceAt(is, target, access)];
  if (is.kind !== "directory")
    throw new DeviceError(`Cannot hand ${JSON.stringify(source)} to the container: it is no device`);
  const found = below(host, source, 0).map(([path, device]) =>
    deviceAt(device, `${target}${path.slice(source.length)}`, access),
  );
  if (found.length === 0)
    throw new DeviceError(`Cannot hand ${JSON.stringify(source)} to the container: no device is in that folder`);
  return found;
}

/** Not the host's to hand on: terminals, shared memory and queues are the container's own, and so is the console. */
const OWN = [
  "/dev/pts",
  "/dev/shm",
  "/dev/mqueue",
  "/dev/fd",
  "/dev/console",
  "/dev/.lxc",
  "/dev/.lxd-mounts",
  "/dev/.udev",
];

/** All devices of the host, for `--privileged`; links are left out, as in runc. */
export function allDevices(host: HostDevices = kernelDevices()): HostDevice[] {
  const isDefault = (path: string): boolean =>
    DEFAULT_NODES.some((one) => one.path === path) || DEV_LINKS.some((one) => one.path === path);
  return below(host, "/dev", 0)
    .filter(([path]) => !isDefault(path))
    .map(([path, device]) => deviceAt(device, path, "rwm"));
}

function below(host: HostDevices, folder: string, depth: number): [path: string, device: HostNode][] {
  const found: [string, HostNode][] = [];
  for (const name of host.list(folder)) {
    const path = `${folder}/${name}`;
    if (OWN.includes(path)) continue;
    const is = host.stat(path, false);
    if (is?.kind === "c" || is?.kind === "b") found.push([path, is]);
    else if (is?.kind === "directory" && depth < MAX_DEPTH) found.push(...below(host, path, depth + 1));
    if (found.length > MAX_DEVICES)
      throw new DeviceError(`Cannot hand ${JSON.stringify(folder)} to the container: more than ${MAX_DEVICES} devices`);
  }
  return found;
}

function deviceAt({ kind, mode, uid, gid, rdev }: HostNode, path: string, access: string): HostDevice {
  const type = kind === "b" ? "b" : "c";
  // makedev(3): glibc's and the kernel's 64-bit form.
  const number = BigInt(rdev);
  const major = Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xffff_f000n));
  const minor = Number((number & 0xffn) | ((number >> 12n) & 0xffff_ff00n));
  return {
    node: { path, type, major, minor, mode: mode & 0o7777, uid, gid },
    rule: { allow: true, type, major, minor, access },
  };
}

/** `node:fs` takes 2 ms to load, so only those who ask for devices load it. */
function kernelDevices(): HostDevices {
  const { statSync, lstatSync, readdirSync } = process.getBuiltinModule("node:fs");
  return {
    stat(path, follow) {
      const is = (follow ? statSync : lstatSync)(path, { throwIfNoEntry: false });
      if (!is) return undefined;
      const kind = is.isCharacterDevice() ? "c" : is.isBlockDevice() ? "b" : is.isDirectory() ? "directory" : "other";
      return { kind, mode: is.mode, uid: is.uid, gid: is.gid, rdev: is.rdev };
    },
    list: (path) => readdirSync(path).sort(),
  };
}
