/** Device rules on this machine's cgroups; and, where it has a cgroup2 as well, the program that cgroup v2 gets. */
import { expect } from "bun:test";
import { mkdirSync, rmdirSync } from "node:fs";
import { loadNative } from "../../native/load.ts";
import { deviceProgram } from "../../src/tsbox/devices/program.ts";
import { accessOf, DEFAULT_RULES } from "../../src/tsbox/devices/rules.ts";
import { randomName } from "../support/run.ts";
import { type Lack, lacksRoot, testUnless } from "../support/skip.ts";
import { cgroup2Mount } from "./boxes.ts";
import { TRY_DEVICES, testDevices } from "./device-cases.ts";

testDevices("this machine");

const unified = cgroup2Mount();
const lacksUnified: Lack = unified === undefined ? "no cgroup2 is mounted" : undefined;

testUnless(
  [lacksRoot, lacksUnified],
  "the program of cgroup v2 is one the kernel takes, and does what the rules say",
  async () => {
    const dir = `${unified}/${randomName("tsbox-t-")}`;
    mkdirSync(dir);
    try {
      loadNative().cgroupDeviceAttach(dir, deviceProgram(accessOf(DEFAULT_RULES)));
      const child = Bun.spawn(["sh", "-c", `echo 0 > ${dir}/cgroup.procs\n${TRY_DEVICES}`], { stdout: "pipe" });
      const lines = (await new Response(child.stdout).text()).trim().split("\n");
      await child.exited;
      expect(lines).toEqual(["null yes", "urandom yes", "kmsg-read no", "kmsg-write no", "mknod yes", "own-node no"]);
    } finally {
      rmdirSync(dir);
    }
  },
);

testUnless([lacksRoot, lacksUnified], "a program the kernel does not take is an error in its words", () => {
  // r0 = r1; exit: a pointer must not be returned.
  const bad = new Uint8Array([0xbf, 0x10, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
  expect(() => loadNative().cgroupDeviceAttach(unified ?? "", bad)).toThrow(expect.objectContaining({ op: "bpf" }));
});

testUnless(lacksRoot, "without rules a process of ours may read /dev/kmsg, so that a refusal is one", () => {
  expect(Bun.spawnSync(["sh", "-c", ": </dev/kmsg"]).exitCode).toBe(0);
});
