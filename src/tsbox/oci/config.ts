import type { Limits } from "../cgroup/limits.ts";
import { DEFAULT_NODES, DEV_LINKS } from "../devices/nodes.ts";
import type { DeviceRule } from "../devices/rules.ts";
import type { CapabilitySets, ContainerConfig, DeviceNode, Mount } from "../helper/config.ts";
import { namesOf } from "../isolation/capabilities.ts";
import type { Policy } from "../seccomp/policy.ts";

/** What the helper's configuration has only in the form the kernel takes, and an OCI runtime wants in its own. */
export interface OciOptions {
  /** Absolute, below each hierarchy's root: `/tsbox/<id>`. */
  readonly cgroupsPath: string;
  readonly limits: Limits;
  readonly deviceRules: readonly DeviceRule[];
  /** `undefined` is unconfined. */
  readonly policy: Policy | undefined;
}

/** A container that the OCI form cannot describe. */
export class OciError extends Error {
  override readonly name = "OciError";
}

const VERSION = "1.0.2";

/**
 * The config.json with which an OCI runtime makes the same container as the helper does (runtime-spec, config.md and
 * config-linux.md): to compare both, and for whoever wants to run it elsewhere. Throws an OciError for what it has no words
 * for: a root that is an overlay, users by name, links in places of their own.
 */
export function ociConfig(container: ContainerConfig, options: OciOptions): string {
  if (container.overlay)
    throw new OciError("An OCI runtime wants the root file system mounted: the overlay is the caller's to mount");
  const strange = container.symlinks?.find(({ path }) => !isDefaultLink(path));
  if (strange) throw new OciError(`An OCI runtime has no word for the symbolic link "${strange.path}"`);
  const root = { path: container.root.path, readonly: container.root.readOnly ?? false };
  const config = {
    ociVersion: VERSION,
    process: processOf(container),
    root,
    hostname: container.hostname,
    domainname: container.domainname,
    mounts: (container.mounts ?? []).filter(isNoCgroupBind).map(asCgroupMount).map(mountOf),
    linux: {
      namespaces: container.namespaces.map(({ kind, path }) => ({ type: NAMESPACES[kind], path })),
      cgroupsPath: options.cgroupsPath,
      resources: resourcesOf(options.limits, options.deviceRules),
      devices: (container.devices ?? []).filter(isNoDefaultNode).map(deviceOf),
      sysctl: container.sysctls,
      maskedPaths: container.maskedPaths,
      readonlyPaths: container.readonlyPaths,
      rootfsPropagation: container.root.propagation,
      seccomp: options.policy,
    },
  };
  return json(config);
}

const NAMESPACES = {
  mnt: "mount",
  pid: "pid",
  net: "network",
  ipc: "ipc",
  uts: "uts",
  cgroup: "cgroup",
  time: "time",
} as const;

function processOf({ args, env, cwd, user, groups, ...process }: ContainerConfig) {
  const ids = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(user ?? "0:0");
  if (!ids) throw new OciError(`An OCI runtime wants numbers for a user, not "${user}"`);
  return {
    terminal: process.terminal !== undefined,
    ...(process.terminal && { consoleSize: { height: process.terminal.rows, width: process.terminal.columns } }),
    user: { uid: Number(ids[1]), gid: Number(ids[2] ?? 0), additionalGids: groups, umask: process.umask },
    args,
    env,
    cwd: cwd ?? "/",
    capabilities: capabilitiesOf(process.capabilities),
    rlimits: (process.rlimits ?? []).map(({ resource, soft, hard }) => ({
      type: `RLIMIT_${resource.toUpperCase()}`,
      soft: limitOf(soft),
      hard: limitOf(hard),
    })),
    noNewPrivileges: process.noNewPrivileges ?? false,
    oomScoreAdj: process.oomScoreAdj,
  };
}

/** RLIM_INFINITY. */
const limitOf = (value: number): number | bigint => (value < 0 ? (1n << 64n) - 1n : value);

function capabilitiesOf(sets: CapabilitySets) {
  const { bounding, effective, permitted, inheritable, ambient } = sets;
  return {
    bounding: namesOf(bounding),
    effective: namesOf(effective),
    permitted: namesOf(permitted),
    inheritable: namesOf(inheritable),
    ambient: namesOf(ambient),
  };
}

function mountOf({ kind, source, target, type, flags = [], data, propagation }: Mount) {
  const bind = kind === "fs" ? [] : [kind];
  const options = [
    ...bind,
    ...flags,
    ...(data ? data.split(",") : []),
    ...(propagation === undefined ? [] : [propagation]),
  ];
  return { destination: target, type: kind === "fs" ? type : "bind", source, options };
}

const deviceOf = ({ path, type, major, minor, mode, uid, gid }: DeviceNode) => ({
  path,
  type,
  major,
  minor,
  fileMode: mode,
  uid: uid ?? 0,
  gid: gid ?? 0,
});

/** A runtime makes these by itself. */
const isNoDefaultNode = ({ path }: DeviceNode): boolean => !DEFAULT_NODES.some((node) => node.path === path);
const isDefaultLink = (path: string): boolean =>
  DEV_LINKS.some((link) => link.path === path) || path.startsWith(`${CGROUPS}/`);

const CGROUPS = "/sys/fs/cgroup";

/** On cgroup v1 a runtime makes the binds of each controller itself, when it is asked for a mount of type `cgroup`. */
const isNoCgroupBind = ({ kind, target }: Mount): boolean => kind === "fs" || !target.startsWith(`${CGROUPS}/`);
const asCgroupMount = (mount: Mount): Mount => {
  if (mount.target !== CGROUPS || mount.kind !== "fs") return mount;
  const { data: _, ...rest } = mount;
  return { ...rest, type: "cgroup", source: "cgroup" };
};

function resourcesOf(limits: Limits, rules: readonly DeviceRule[]) {
  const number = (value: number): number | undefined => (value < 0 ? undefined : value);
  return {
    devices: rules.map(({ allow, type, major, minor, access }) => ({
      allow,
      ...(type !== "a" && { type, major: number(major), minor: number(minor) }),
      access,
    })),
    memory: {
      limit: limits.memoryBytes,
      swap: limits.memorySwapBytes,
      reservation: limits.memoryReservationBytes,
    },
    cpu: {
      shares: limits.cpuShares,
      quota: limits.cpuQuotaUs,
      period: limits.cpuPeriodUs,
      cpus: limits.cpusetCpus,
    },
    ...(limits.pidsLimit !== undefined && { pids: { limit: limits.pidsLimit } }),
  };
}

/** Like JSON.stringify, and bigints come out as numbers with all their digits. */
function json(value: unknown): string {
  const mark = "\u0001";
  const text = JSON.stringify(value, (_, entry) => (typeof entry === "bigint" ? `${mark}${entry}${mark}` : entry), 1);
  return text.replace(/"\\u0001(\d+)\\u0001"/g, "$1");
}
