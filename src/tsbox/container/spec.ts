import type { ContainerCgroup } from "../cgroup/cgroup.ts";
import type { ContainerConfig, ExecConfig, ProcessConfig } from "../helper/config.ts";
import { cgroupLinks, NETWORK_SYSCTLS } from "../isolation/mounts.ts";
import { maskedPaths, READONLY_PATHS } from "../isolation/paths.ts";
import { namesOf, readText } from "../store/files.ts";
import { rootfsOf } from "../store/images.ts";
import { containerFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import { containerCgroups } from "./cgroups.ts";
import { mountsOf } from "./mounts.ts";
import { argsOf, type ContainerRecord } from "./record.ts";
import { rightsOf } from "./rights.ts";
import { hostnameOf } from "./settings.ts";
import { lastStatePath } from "./state.ts";
import { rootOf, upperOf, workOf } from "./store.ts";

/** Docker's json-file without limits fills disks; this is 30 MB for each container. */
const LOG = { maxBytes: 10_000_000, maxFiles: 3 } as const;

export const logPath = (s: Pick<Surroundings, "places">, id: string): string =>
  `${containerFolder(s.places, id)}/log.json`;

export interface Built {
  readonly groups: ContainerCgroup;
  readonly devices: Pick<ContainerConfig, "devices" | "symlinks">;
  /** `undefined` for the host's network. */
  readonly netns: string | undefined;
  readonly size: { readonly rows: number; readonly columns: number } | undefined;
  readonly atEnd: NonNullable<ContainerConfig["atEnd"]>;
}

/** All that the helper is told about a container. */
export async function containerConfig(
  s: Surroundings,
  record: ContainerRecord,
  built: Built,
): Promise<ContainerConfig> {
  const { id, network } = record;
  const oom = built.groups.dirOf("memory");
  return {
    ...(await processConfig(s, record, built.groups)),
    args: argsOf(record),
    cwd: record.workdir,
    ...(record.tty && { terminal: built.size ?? { rows: 24, columns: 80 } }),
    stdin: record.stdin,
    stdinOnce: record.stdin && !record.tty,
    namespaces: [
      { kind: "mnt" },
      { kind: "pid" },
      { kind: "ipc" },
      ...(containerCgroups().layout.mode === "v2" ? ([{ kind: "cgroup" }] as const) : []),
      ...(network === "host" ? [] : ([{ kind: "uts" }, { kind: "net", path: built.netns }] as const)),
    ],
    root: { path: rootOf(s.places, id), readOnly: record.readOnly },
    overlay: {
      lower: [rootfsOf(s.places, record.image.id)],
      upper: upperOf(s.places, id),
      work: workOf(s.places, id),
      volatile: record.autoRemove,
    },
    mounts: mountsOf(s, record, built.groups),
    devices: built.devices.devices,
    symlinks: [...(built.devices.symlinks ?? []), ...cgroupLinks(built.groups)],
    ...systemPathsOf(s, record),
    ...(network !== "host" && { hostname: hostnameOf(record) }),
    sysctls: network === "host" ? record.sysctls : { ...NETWORK_SYSCTLS, ...record.sysctls },
    loopback: network !== "host",
    init: record.init,
    log: { path: logPath(s, id), ...LOG },
    // Written with fsync(2), which one that goes with its end, and with a power cut, does not need.
    record: record.autoRemove ? undefined : lastStatePath(s, id),
    restart: { name: record.restart.name, maxRetries: record.restart.max },
    stop: {
      signal: record.stopSignal,
      timeoutMs: record.stopTimeoutSeconds < 0 ? "never" : record.stopTimeoutSeconds * 1000,
    },
    ...(oom !== undefined && { oom: { version: containerCgroups().layout.mode === "v2" ? 2 : 1, folder: oom } }),
    atEnd: built.atEnd,
  };
}

/** The same rights and limits for a process of `exec` as for the container's first. */
export async function execConfig(
  s: Surroundings,
  record: ContainerRecord,
  what: { args: readonly string[]; tty: { rows: number; columns: number } | undefined; stdin: boolean },
): Promise<ExecConfig> {
  const shared = await processConfig(s, record, containerCgroups().open(record.id));
  const env = what.tty === undefined || shared.env.some((variable) => variable.startsWith("TERM="));
  return {
    ...shared,
    env: env ? shared.env : [...shared.env, "TERM=xterm"],
    args: what.args,
    cwd: record.workdir,
    ...(what.tty !== undefined && { terminal: what.tty }),
    stdin: what.stdin,
    killWithClient: true,
  };
}

async function processConfig(
  s: Surroundings,
  record: ContainerRecord,
  groups: ContainerCgroup,
): Promise<Omit<ProcessConfig, "args">> {
  return {
    env: [`HOSTNAME=${ownName(s, record)}`, ...record.env],
    user: record.user === "" ? undefined : record.user,
    ...(await rightsOf(s, record)),
    rlimits: record.ulimits.map(({ name, soft, hard }) => ({ resource: name, soft, hard })),
    cgroups: groups.joinFiles,
  };
}

/** What of /proc and /sys is hidden, or only to be read. */
function systemPathsOf(s: Surroundings, { privileged, security }: ContainerRecord): Partial<ContainerConfig> {
  if (privileged || security.systemPathsUnconfined) return {};
  return { maskedPaths: maskedPaths(namesOf(s.native, "/sys/devices/system/cpu")), readonlyPaths: READONLY_PATHS };
}

/** The name that `hostname` gives inside. */
const ownName = (s: Surroundings, record: ContainerRecord): string =>
  record.network === "host" ? (readText(s.native, "/proc/sys/kernel/hostname", 256)?.trim() ?? "") : hostnameOf(record);
