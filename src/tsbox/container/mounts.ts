import type { ContainerCgroup } from "../cgroup/cgroup.ts";
import type { Mount } from "../helper/config.ts";
import { containerFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import { containerCgroups } from "./cgroups.ts";
import type { ContainerRecord } from "./record.ts";

/** Every mount of a container, in the order in which they are made: what stands below another comes after it. */
export function mountsOf(s: Surroundings, record: ContainerRecord, groups: ContainerCgroup): Mount[] {
  const own = ownMounts(record);
  const replaced = new Set(own.map(({ target }) => target));
  // Whoever mounts over /dev has it whole.
  const standard = [...standardMounts(record, groups), ...fileMounts(s, record)].filter(
    ({ target }) => !replaced.has(target) && !(replaced.has("/dev") && target.startsWith("/dev/")),
  );
  return [...standard, ...own.toSorted((a, b) => depth(a) - depth(b))];
}

const depth = ({ target }: Mount): number => target.split("/").length;

/** What Docker's containers have (moby, oci/defaults.go). */
function standardMounts({ privileged }: ContainerRecord, groups: ContainerCgroup): Mount[] {
  return [
    { kind: "fs", source: "proc", target: "/proc", type: "proc", flags: ["nosuid", "noexec", "nodev"] },
    {
      kind: "fs",
      source: "tmpfs",
      target: "/dev",
      type: "tmpfs",
      flags: ["nosuid", "strictatime"],
      data: "mode=755,size=65536k",
    },
    {
      kind: "fs",
      source: "devpts",
      target: "/dev/pts",
      type: "devpts",
      flags: ["nosuid", "noexec"],
      data: "newinstance,ptmxmode=0666,mode=0620,gid=5",
    },
    {
      kind: "fs",
      source: "sysfs",
      target: "/sys",
      type: "sysfs",
      flags: ["nosuid", "noexec", "nodev", ...readOnlyUnless(privileged)],
    },
    ...cgroupMounts(groups, privileged),
    {
      kind: "fs",
      source: "mqueue",
      target: "/dev/mqueue",
      type: "mqueue",
      flags: ["nosuid", "noexec", "nodev"],
      optional: true,
    },
    {
      kind: "fs",
      source: "shm",
      target: "/dev/shm",
      type: "tmpfs",
      flags: ["nosuid", "noexec", "nodev"],
      data: "mode=1777,size=65536k",
    },
  ];
}

const readOnlyUnless = (privileged: boolean): readonly "ro"[] => (privileged ? [] : ["ro"]);

/** cgroup v2: the one tree, whose root is the container's by its namespace. v1: its own folder of each hierarchy. */
function cgroupMounts(groups: ContainerCgroup, privileged: boolean): Mount[] {
  const target = "/sys/fs/cgroup";
  const flags = ["nosuid", "noexec", "nodev", ...readOnlyUnless(privileged)] as const;
  const { layout } = containerCgroups();
  if (layout.mode === "v2") return [{ kind: "fs", source: "cgroup", target, type: "cgroup2", flags }];
  const folder: Mount = { kind: "fs", source: "tmpfs", target, type: "tmpfs", flags, data: "mode=755" };
  const hierarchies = layout.hierarchies.map(({ mountPoint }, i): Mount => {
    const name = mountPoint.slice(mountPoint.lastIndexOf("/") + 1);
    return { kind: "bind", source: groups.dirs[i] ?? "", target: `${target}/${name}`, flags };
  });
  return [folder, ...hierarchies];
}

/** What the host writes for it. */
function fileMounts(s: Surroundings, { id, network }: ContainerRecord): Mount[] {
  const folder = containerFolder(s.places, id);
  const names = network === "host" ? ["hosts", "resolv.conf"] : ["hosts", "hostname", "resolv.conf"];
  return names.map((name) => ({ kind: "bind", source: `${folder}/${name}`, target: `/etc/${name}` }));
}

/** What the options say. */
function ownMounts({ binds, tmpfs }: ContainerRecord): Mount[] {
  const memory = tmpfs.map(({ target, options }): Mount => {
    const isFlag = (option: string): option is Flag => FLAGS.some((flag) => flag === option);
    return {
      kind: "fs",
      source: "tmpfs",
      target,
      type: "tmpfs",
      flags: options.filter(isFlag),
      data: options.filter((option) => !isFlag(option) && option !== "rw").join(","),
    };
  });
  const folders = binds.map(({ source, target, readOnly }): Mount => {
    return { kind: "rbind", source, target, ...(readOnly && { flags: ["ro"] }) };
  });
  return [...memory, ...folders];
}

const FLAGS = ["ro", "noexec", "nosuid", "nodev", "noatime", "relatime"] as const;
type Flag = (typeof FLAGS)[number];
