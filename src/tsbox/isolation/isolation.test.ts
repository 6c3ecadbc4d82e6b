import { describe, expect, test } from "bun:test";
import { Cgroups } from "../cgroup/cgroup.ts";
import { hybridMachine, V1_MOUNTINFO, V1_SELF, v2Machine } from "../cgroup/testing/machines.ts";
import {
  boundingSet,
  CapabilityError,
  capabilitiesFor,
  capabilitySets,
  DEFAULT_CAPABILITIES,
  parseCapability,
} from "./capabilities.ts";
import { cgroupLinks, defaultMounts } from "./mounts.ts";
import { maskedPaths, READONLY_PATHS } from "./paths.ts";

const everything = boundingSet("CapBnd:\t000001ffffffffff\n");
const caps = (add: string[], drop: string[], privileged = false, available = everything) =>
  capabilitiesFor({ add, drop, privileged }, available);

describe("capabilities", () => {
  test("Docker's 14, as the mask the kernel shows", () => {
    expect(capabilitySets(caps([], []))).toEqual({
      bounding: 0xa80425fbn,
      effective: 0xa80425fbn,
      permitted: 0xa80425fbn,
      inheritable: 0n,
      ambient: 0n,
    });
    expect(DEFAULT_CAPABILITIES.length).toBe(14);
    expect(everything.length).toBe(41);
  });

  test.each([
    [["NET_ADMIN"], ["chown"], ["CAP_NET_ADMIN"], ["CAP_CHOWN"]],
    [["all"], ["SYS_ADMIN"], ["CAP_SYS_MODULE"], ["CAP_SYS_ADMIN"]],
    [["cap_net_raw"], ["NET_RAW"], ["CAP_NET_RAW"], []],
  ])("--cap-add %j --cap-drop %j", (add, drop, has, lacks) => {
    const found: string[] = caps(add, drop);
    for (const name of has) expect(found).toContain(name);
    for (const name of lacks) expect(found).not.toContain(name);
  });

  test("--cap-drop ALL leaves the added ones alone", () => {
    expect(caps(["kill"], ["ALL"])).toEqual(["CAP_KILL"]);
    expect(caps([], ["ALL"])).toEqual([]);
  });

  test("ALL and --privileged are what this process has itself", () => {
    const mine = everything.filter((name) => name !== "CAP_SYS_RESOURCE");
    expect(caps(["ALL"], [], false, mine)).toEqual(mine);
    expect(caps([], [], true, mine)).toEqual(mine);
  });

  test.each(["", "CAP_", "NET-ADMIN", "toString", "CAP_ALL", "41"])("%j is no capability", (text) => {
    expect(() => parseCapability(text)).toThrow(CapabilityError);
  });
});

describe("mounts", () => {
  const hybrid = new Cgroups({ files: hybridMachine() });
  const v2 = new Cgroups({ files: v2Machine() });
  const targets = (cgroups: Cgroups, replaced: string[]): string[] =>
    defaultMounts({ groups: cgroups.open("abc"), privileged: false, replaced }).map(({ target }) => target);

  test("v2: the default ones, in order", () => {
    expect(targets(v2, [])).toEqual(["/proc", "/dev", "/dev/pts", "/sys", "/sys/fs/cgroup", "/dev/mqueue", "/dev/shm"]);
  });

  test("v1: one bind for each hierarchy, of the container's own cgroup, read-only", () => {
    const mounts = defaultMounts({ groups: hybrid.open("abc"), privileged: false, replaced: [] });
    const binds = mounts.filter(({ kind }) => kind === "bind");
    expect(binds.length).toBe(9);
    expect(binds.find(({ target }) => target === "/sys/fs/cgroup/memory")).toEqual({
      kind: "bind",
      source: "/sys/fs/cgroup/memory/tsbox/abc",
      target: "/sys/fs/cgroup/memory",
      flags: ["nosuid", "noexec", "nodev", "ro"],
    });
    expect(binds.map(({ target }) => target)).toContain("/sys/fs/cgroup/systemd");
  });

  test("v1: what is mounted together has links to each", () => {
    const files = hybridMachine();
    files.plain("/proc/self/mountinfo", V1_MOUNTINFO);
    files.plain("/proc/self/cgroup", V1_SELF);
    const together = new Cgroups({ files });
    expect(targets(together, [])).toContain("/sys/fs/cgroup/cpu,cpuacct");
    expect(cgroupLinks(together.open("abc"))).toEqual([
      { path: "/sys/fs/cgroup/cpu", target: "cpu,cpuacct" },
      { path: "/sys/fs/cgroup/cpuacct", target: "cpu,cpuacct" },
    ]);
    expect(cgroupLinks(v2.open("abc"))).toEqual([]);
  });

  test.each([
    ["/dev/shm", ["/dev/shm"]],
    ["/dev", ["/dev", "/dev/pts", "/dev/mqueue", "/dev/shm"]],
    ["/sys", ["/sys", "/sys/fs/cgroup"]],
    ["/devices", []],
  ])("a mount of the user's on %s replaces %j", (mount, gone) => {
    const [before, after] = [targets(v2, []), targets(v2, [mount])];
    expect(before.filter((target) => !after.includes(target))).toEqual(gone);
  });

  test("--privileged may write to /sys", () => {
    const sys = defaultMounts({ groups: v2.open("abc"), privileged: true, replaced: [] }).find(
      ({ target }) => target === "/sys",
    );
    expect(sys?.flags).not.toContain("ro");
  });

  test("what moby masks and makes read-only", () => {
    const names = "acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list timer_stats".split(" ");
    expect(maskedPaths([])).toEqual([
      ...names.map((name) => `/proc/${name}`),
      "/sys/devices/virtual/powercap",
      "/sys/firmware",
    ]);
    expect(READONLY_PATHS).toEqual(["bus", "fs", "irq", "sys", "sysrq-trigger"].map((name) => `/proc/${name}`));
  });

  test("each CPU's throttling is masked, and nothing else of that folder", () => {
    const extra = maskedPaths(["cpu0", "cpu11", "cpufreq", "cpuidle", "online"]).filter((path) =>
      path.includes("/cpu/"),
    );
    expect(extra).toEqual([
      "/sys/devices/system/cpu/cpu0/thermal_throttle",
      "/sys/devices/system/cpu/cpu11/thermal_throttle",
    ]);
  });
});
