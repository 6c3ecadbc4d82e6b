import { existsSync, readFileSync } from "node:fs";
import { cgroup2Mount } from "./boxes.ts";

/**
 * In what a container of ours is not as under Debian's runc 1.1.5, and why: everything else is the same. A line begins with
 * `-` as runc has it and with `+` as we have it (`differences` in look-around.ts).
 */
export interface Difference {
  readonly lines: RegExp;
  readonly why: string;
  /** False where this machine has not what it is about. */
  readonly where?: boolean;
}

const isV1 = /^\d+:memory:/m.test(readFileSync("/proc/self/cgroup", "utf8"));

/** For any container. */
export const ALWAYS: readonly Difference[] = [
  {
    lines: /^nodes: \+ \/dev\/core /,
    why: "/dev/core leads to /proc/kcore also where the kernel has none; runc leaves it out there",
    where: !existsSync("/proc/kcore"),
  },
  {
    lines: /^cgroup: [-+] 0::/,
    where: isV1 && cgroup2Mount() !== undefined,
    why: "on a hybrid machine we leave the cgroup2 alone, which has no controller of ours: entering it costs 5 to 15 ms",
  },
];

/** For one that is not privileged. */
export const CONFINED: readonly Difference[] = [
  {
    lines: /^mounts: [-+] \/sys sysfs from sysfs:\/ with nodev,noexec,nosuid,relatime,ro; r[ow]$/,
    why: "our /sys is read-only as a mount, runc's also as a file system; either way only CAP_SYS_ADMIN could change it",
  },
  {
    lines: /^mounts: [-+] \/sys\/fs\/cgroup tmpfs from tmpfs:\/ with .*; mode=755,rw$/,
    where: isV1,
    why: "the folder of the controllers is read-only as it was asked to be; runc leaves it writable",
  },
  {
    where: isV1,
    lines: /^writes: (- sys yes|- cgroup yes|\+ sys no|\+ cgroup no)$/,
    why: "follows from it: under runc files can be made beside the controllers",
  },
  {
    lines: /^mounts: [-+] \/proc\/\w+ (tmpfs from tmpfs|devtmpfs from devtmpfs):\/null with /,
    why: "a masked file is covered by the host's /dev/null, looked at before the container is (CVE-2025-31133); runc takes the container's",
  },
  {
    lines:
      /^mounts: [-+] \/(proc|sys)\/\S+ tmpfs from tmpfs:\/ with .*relatime,ro; (ro|mode=755,nr_inodes=2,rw,size=0k)$/,
    why: "masked folders share one empty read-only mount, which is also nodev, noexec, nosuid and can hold nothing",
  },
  {
    lines: /^devices: (- tun yes|\+ tun no)$/,
    why: "runc lets every container use tun (10:200); with us --device /dev/net/tun says so",
  },
];

/** For one that `tsbox run` made, beside runc with a plain folder as root file system. */
export const RUN: readonly Difference[] = [
  {
    lines: /^mounts: (- \/ |\+ \/ overlay from overlay:\/ with relatime,r[ow]; )/,
    why: "the root file system is an overlay over the image",
  },
  {
    lines: /^mounts: \+ \/etc\/(hostname|hosts|resolv\.conf) \S+ from \S+ with relatime,rw; /,
    why: "tsbox writes these three for each container, as Docker does",
  },
  {
    lines: /^process: [-+] (uid=|HOME=)/,
    why: "names and HOME come from the image's passwd; runc takes HOME as it is told",
  },
  {
    lines: /^namespaces: [-+] cgroup /,
    why: "the test's host for tsbox has a cgroup namespace of its own, that for runc has not",
  },
];
