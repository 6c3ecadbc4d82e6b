import type { ContainerCgroup } from "../cgroup/cgroup.ts";
import type { Mount, MountFlag } from "../helper/config.ts";

const NO_WAY_OUT: readonly MountFlag[] = ["nosuid", "noexec", "nodev"];
const SHM_BYTES = 64 << 20;
/** Group `tty` of Debian and most others: who may write on a terminal. */
const TTY_GROUP = 5;

export interface MountOptions {
  readonly groups: ContainerCgroup;
  readonly privileged: boolean;
  /** Absolute targets of the user's own mounts: each takes the place of the default one. */
  readonly replaced: readonly string[];
  readonly shmBytes?: number | undefined;
}

/**
 * The file systems a container has without asking (moby, oci/defaults.go), in the order they are mounted. A user's mount on
 * one of them replaces it; one on /dev takes all below with it, one on /sys/fs/cgroup its cgroups.
 */
export function defaultMounts({ groups, privileged, replaced, shmBytes = SHM_BYTES }: MountOptions): Mount[] {
  const all: Mount[] = [
    fs("proc", "/proc", NO_WAY_OUT),
    fs("tmpfs", "/dev", ["nosuid", "strictatime"], "mode=755,size=65536k"),
    fs("devpts", "/dev/pts", ["nosuid", "noexec"], `newinstance,ptmxmode=0666,mode=0620,gid=${TTY_GROUP}`),
    fs("sysfs", "/sys", privileged ? NO_WAY_OUT : [...NO_WAY_OUT, "ro"]),
    ...cgroupMounts(groups, privileged),
    fs("mqueue", "/dev/mqueue", NO_WAY_OUT),
    { ...fs("tmpfs", "/dev/shm", NO_WAY_OUT, `mode=1777,size=${shmBytes}`), source: "shm" },
  ];
  return all.filter(({ target }) => !replaced.some((mount) => covers(mount, target)));
}

/** The user's mount on this place, or on a folder the default is in. `/` does not come up: it is the root file system. */
const covers = (mount: string, target: string): boolean => target === mount || target.startsWith(`${mount}/`);

function fs(type: string, target: string, flags: readonly MountFlag[], data?: string): Mount {
  return { kind: "fs", source: type, type, target, flags, ...(data !== undefined && { data }) };
}

/**
 * The container's own cgroups, to look at: on v2 the tree from a cgroup namespace of its own, on v1 (whose cgroup namespace
 * Docker leaves the host's) a bind of its folder of each controller.
 */
function cgroupMounts(groups: ContainerCgroup, privileged: boolean): Mount[] {
  const flags: readonly MountFlag[] = privileged ? NO_WAY_OUT : [...NO_WAY_OUT, "ro"];
  const root = "/sys/fs/cgroup";
  if (groups.version === 2) return [{ ...fs("cgroup2", root, flags), source: "cgroup" }];
  return [
    { ...fs("tmpfs", root, flags, "mode=755"), source: "tmpfs" },
    ...groups.hierarchies.map(
      ({ dir, name, controllers }): Mount => ({
        kind: "bind",
        source: dir,
        target: `${root}/${name ?? controllers.join(",")}`,
        flags,
      }),
    ),
  ];
}

/** Links in /sys/fs/cgroup to what v1 mounts together: `cpu` → `cpu,cpuacct`. */
export function cgroupLinks(groups: ContainerCgroup): { path: string; target: string }[] {
  if (groups.version === 2) return [];
  return groups.hierarchies
    .filter(({ controllers }) => controllers.length > 1)
    .flatMap(({ controllers }) =>
      controllers.map((controller) => ({ path: `/sys/fs/cgroup/${controller}`, target: controllers.join(",") })),
    );
}

/** Kernel parameters of a network namespace of the container's own, as Docker sets them: ping and low ports for everybody. */
export const NETWORK_SYSCTLS: Readonly<Record<string, string>> = {
  "net.ipv4.ip_unprivileged_port_start": "0",
  "net.ipv4.ping_group_range": "0 2147483647",
};
