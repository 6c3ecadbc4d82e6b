import { describe, expect, test } from "bun:test";
import { discover } from "./layout.ts";
import { FakeKernel } from "./testing/fake-kernel.ts";
import { HYBRID_MOUNTINFO, HYBRID_SELF, hybridMachine, V1_MOUNTINFO, V1_SELF, v2Machine } from "./testing/machines.ts";

function machine(mountinfo: string, self: string): FakeKernel {
  const kernel = new FakeKernel(() => ({}));
  kernel.plain("/proc/self/mountinfo", mountinfo);
  kernel.plain("/proc/self/cgroup", self);
  return kernel;
}

const pathsOf = (mountinfo: string, self: string): string[] =>
  discover(machine(mountinfo, self)).hierarchies.map(({ mountPoint }) => mountPoint);

describe("how cgroups are mounted", () => {
  test("hybrid: the v1 controllers, and not the cgroup2 beside them", () => {
    const layout = discover(hybridMachine());
    expect(layout.mode).toBe("hybrid");
    expect(layout.hierarchies.map(({ controllers, name }) => name ?? controllers.join())).toEqual([
      "systemd",
      "pids",
      "blkio",
      "freezer",
      "devices",
      "memory",
      "cpuset",
      "cpuacct",
      "cpu",
    ]);
  });

  test("v1: controllers that share a mount, whatever their order; the machine's mount, not a container's", () => {
    expect(discover(machine(V1_MOUNTINFO, V1_SELF)).mode).toBe("v1");
    expect(pathsOf(V1_MOUNTINFO, V1_SELF)).toEqual([
      "/sys/fs/cgroup/memory",
      "/sys/fs/cgroup/cpu,cpuacct",
      "/sys/fs/cgroup/systemd",
    ]);
  });

  test("v2: one tree with the controllers it says it has", () => {
    const layout = discover(v2Machine("cpu memory"));
    expect(layout).toMatchObject({ mode: "v2", hierarchies: [{ version: 2, mountPoint: "/sys/fs/cgroup" }] });
    expect(layout.hierarchies[0]?.controllers).toEqual(["cpu", "memory"]);
  });

  test("a mount that a later one covers is not taken; a blank in a path is read", () => {
    const covered = `${HYBRID_MOUNTINFO}90 32 0:99 / /sys/fs/cgroup/cpu rw - tmpfs tmpfs rw\n`;
    expect(pathsOf(covered, HYBRID_SELF)).not.toContain("/sys/fs/cgroup/cpu");
    const elsewhere = `${covered}91 23 0:29 / /mnt/my\\040cpu rw - cgroup cgroup rw,cpu\n`;
    expect(pathsOf(elsewhere, HYBRID_SELF)).toContain("/mnt/my cpu");
  });

  test("no cgroups at all is an error that says what to mount", () => {
    expect(() => discover(machine("23 1 254:0 / / rw - ext4 /dev/root rw\n", "0::/\n"))).toThrow(/mount cgroup2/);
    expect(() => discover(machine("not mountinfo\n\n - \n", "nonsense"))).toThrow(/mount cgroup2/);
  });
});
