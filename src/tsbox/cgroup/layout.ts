import type { CgroupFiles } from "./files.ts";
import { unescapeField } from "./mountinfo.ts";

/** One tree of cgroups, mounted somewhere. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** `cpu`, `memory`, …; several when v1 controllers share a mount. On a hybrid machine cgroup2 has those v1 does not. */
  readonly controllers: readonly string[];
  /** A v1 hierarchy without controllers has a name: `systemd`. */
  readonly name: string | undefined;
  readonly mountPoint: string;
  /** Which cgroup the mount point shows: `/`, or another inside a container without a cgroup namespace. */
  readonly root: string;
}

/**
 * How a machine has its cgroups: `v1` separate mounts, `v2` the one tree, `hybrid` v1 with a cgroup2 beside it that has no
 * controller we need.
 */
export interface Layout {
  readonly mode: "v1" | "hybrid" | "v2";
  /** Those a container gets a cgroup in. On a hybrid machine the cgroup2 is not among them. */
  readonly hierarchies: readonly Hierarchy[];
}

/** Where the limit of a controller is set; `undefined` when the controller is not mounted here. */
export function hierarchyOf(layout: Layout, controller: string): Hierarchy | undefined {
  return layout.hierarchies.find(({ controllers }) => controllers.includes(controller));
}

interface Mount extends Hierarchy {
  readonly at: number;
}

/**
 * Reads how cgroups are mounted in this process's view, from /proc/self/mountinfo and /proc/self/cgroup (proc(5),
 * cgroups(7)); no path is taken for granted. Throws when no cgroups are mounted at all.
 */
export function discover(files: CgroupFiles, proc = "/proc"): Layout {
  const mounts = cgroupMounts(files.read(`${proc}/self/mountinfo`));
  const own = ownCgroups(files.read(`${proc}/self/cgroup`));
  const v1 = own.filter(({ key }) => key !== "").flatMap(({ key }) => best(mounts, key));
  const unified = best(mounts, "")[0];
  if (v1.some(({ controllers }) => controllers.length > 0)) {
    return { mode: unified ? "hybrid" : "v1", hierarchies: v1 };
  }
  if (!unified)
    throw new Error("No cgroups are mounted here: mount cgroup2 on /sys/fs/cgroup, or the v1 controllers below it");
  const controllers = words(files.read(`${unified.mountPoint}/cgroup.controllers`));
  return { mode: "v2", hierarchies: [{ ...unified, controllers }] };
}

/** Lines `ID:KEY:PATH` of /proc/self/cgroup; the key is the list of controllers or `name=…`, empty for cgroup2. */
function ownCgroups(text: string): { key: string }[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\d+:([^:]*):\//.exec(line);
    return match ? [{ key: match[1] ?? "" }] : [];
  });
}

/** The mount of a hierarchy that shows most of it: the same one may be mounted again for containers. */
function best(mounts: readonly Mount[], key: string): Hierarchy[] {
  const wanted = key.split(",").sort().join();
  const found = mounts
    .filter((mount) => keyOf(mount) === wanted)
    .sort((a, b) => Number(b.root === "/") - Number(a.root === "/") || a.mountPoint.length - b.mountPoint.length)[0];
  if (!found) return [];
  const { at: _, ...hierarchy } = found;
  return [hierarchy];
}

function keyOf({ version, name, controllers }: Hierarchy): string {
  if (version === 2) return "";
  return [...(name === undefined ? [] : [`name=${name}`]), ...controllers].sort().join();
}

/** Options of a v1 cgroup mount that are no controllers (cgroup v1 documentation, `mount -t cgroup -o`). */
const NO_CONTROLLER = /^(rw|ro|xattr|noprefix|clone_children|cpuset_v2_mode|none|release_agent=.*|favordynmods)$/;

/** The cgroup mounts that nothing mounted later hides. */
function cgroupMounts(mountinfo: string): Mount[] {
  const points: string[] = [];
  const mounts: Mount[] = [];
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const fields = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    const root = unescapeField(fields[3] ?? "");
    const mountPoint = unescapeField(fields[4] ?? "");
    if (mountPoint === "") continue;
    points.push(mountPoint);
    if (type !== "cgroup" && type !== "cgroup2") continue;
    const list = type === "cgroup2" ? [] : options.split(",").filter((option) => !NO_CONTROLLER.test(option));
    mounts.push({
      version: type === "cgroup2" ? 2 : 1,
      controllers: list.filter((option) => !option.startsWith("name=")),
      name: list.find((option) => option.startsWith("name="))?.slice("name=".length),
      mountPoint,
      root,
      at: points.length,
    });
  }
  return mounts.filter(({ mountPoint, at }) => !points.slice(at).some((later) => isIn(mountPoint, later)));
}

const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

export const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");
