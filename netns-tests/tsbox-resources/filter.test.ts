/** The default filter in a container: every door into the kernel is watched, and programs find what they fall back to. */
import { expect } from "bun:test";
import { join } from "node:path";
import { defaultPolicy, filterOf } from "../../src/tsbox/seccomp/filter.ts";
import { must } from "../support/run.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { makeBox } from "../tsbox-helper/support/box.ts";

testUnless([lacksRoot, lacksCommand("gcc", "busybox")], "no way into the kernel goes around the filter", async () => {
  await using box = await makeBox();
  const program = join(box.rootfs, "bin/other-doors");
  await must([
    "gcc",
    "-static",
    "-O1",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-o",
    program,
    join(import.meta.dir, "other-doors.c"),
  ]);
  const seccomp = filterOf(defaultPolicy([]), join(box.scratch, "filters"));
  const filtered = (await box.run({ args: ["other-doors"], seccomp })).stdout;
  expect(filtered.trim().split("\n")).toEqual([
    "mount EPERM",
    "mount by x32 EPERM",
    "mount by int 0x80 EPERM",
    "unshare EPERM",
    "unshare by int 0x80 EPERM",
    "keyctl EPERM",
    "keyctl by int 0x80 EPERM",
    "AF_VSOCK EPERM",
    "AF_VSOCK by int 0x80 EPERM",
    "clone3 ENOSYS",
    "clone3 by int 0x80 ENOSYS",
    "a call of the future ENOSYS",
    "getpid ok",
    "getpid by int 0x80 ok",
  ]);
  // What the filter answers is not what the kernel would have said anyway.
  const open = (await box.run({ args: ["other-doors"] })).stdout;
  for (const line of ["unshare ok", "clone3 other", "clone3 by int 0x80 other"])
    expect(open.split("\n")).toContain(line);
});
