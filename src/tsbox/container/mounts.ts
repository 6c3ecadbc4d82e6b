import type { ContainerCgroup } from "../cgroup/cgroup.ts";
import type { Mount } from "../helper/config.ts";
import { defaultMounts } from "../isolation/mounts.ts";
import { containerFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import type { ContainerRecord } from "./record.ts";

/** Every mount of a container, in the order in which they are made: what stands below another comes after it. */
export function mountsOf(s: Surroundings, record: ContainerRecord, groups: ContainerCgroup): Mount[] {
  const own = ownMounts(record);
  const replaced = own.map(({ target }) => target);
  return [
    ...defaultMounts({ groups, privileged: record.privileged, replaced }),
    ...fileMounts(s, record).filter(({ target }) => !replaced.includes(target)),
    ...own.toSorted((a, b) => depth(a) - depth(b)),
  ];
}

const depth = ({ target }: Mount): number => target.split("/").length;

/** What the host writes for it. */
function fileMounts(s: Surroundings, { id, network }: ContainerRecord): Mount[] {
  const folder = containerFolder(s.places, id);
  const names = network === "host" ? ["hosts", "resolv.conf"] : ["hosts", "hostname", "resolv.conf"];
  return names.map((name) => ({ kind: "bind", source: `${folder}/${name}`, target: `/etc/${name}` }));
}

/** What the options say. */
function ownMounts({ binds, tmpfs }: ContainerRecord): Mount[] {
  const memory = tmpfs.map(
    ({ target, options }): Mount => ({
      kind: "fs",
      source: "tmpfs",
      target,
      type: "tmpfs",
      flags: options.filter(isFlag),
      data: options.filter((option) => !isFlag(option) && option !== "rw").join(","),
    }),
  );
  const folders = binds.map(
    ({ source, target, readOnly }): Mount => ({ kind: "rbind", source, target, ...(readOnly && { flags: ["ro"] }) }),
  );
  return [...memory, ...folders];
}

const FLAGS = ["ro", "noexec", "nosuid", "nodev", "noatime", "relatime"] as const;
const isFlag = (option: string): option is (typeof FLAGS)[number] => FLAGS.some((flag) => flag === option);
