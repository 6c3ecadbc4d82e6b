/** The same on Debian's stock kernel, which has cgroup v2 alone. */
import { expect, test } from "bun:test";
import { Cgroups } from "../../src/tsbox/cgroup/cgroup.ts";
import { testCgroups } from "./cgroup-cases.ts";
import { testDevices } from "./device-cases.ts";

test("the virtual machine has cgroup v2 with the controllers containers need", () => {
  const { layout } = new Cgroups();
  expect(layout.mode).toBe("v2");
  expect(layout.hierarchies[0]?.controllers).toEqual(expect.arrayContaining(["cpu", "cpuset", "memory", "pids", "io"]));
});

testCgroups("the virtual machine");
testDevices("the virtual machine");
