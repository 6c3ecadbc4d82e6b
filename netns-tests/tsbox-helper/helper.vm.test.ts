/** Under Debian's stock kernel: cgroup v2, and an overlayfs without an option for each lower folder. */
import { expect } from "bun:test";
import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { randomName } from "../support/run.ts";
import { lacksFile, lacksRoot, testUnless } from "../support/skip.ts";
import { attachAndStart, BASE, makeBox } from "./support/box.ts";

const ROOT = "/sys/fs/cgroup";
const lacksV2 = lacksFile(join(ROOT, "cgroup.subtree_control"));

testUnless(
  [lacksRoot, lacksV2],
  "cgroup v2: joined before it runs, a namespace of its own, kills for want of memory counted",
  async () => {
    await using box = await makeBox();
    await Bun.write(join(ROOT, "cgroup.subtree_control"), "+memory");
    const folder = join(ROOT, randomName("box"));
    mkdirSync(folder);
    try {
      await Bun.write(join(folder, "memory.max"), String(24 << 20));
      const config = {
        cgroups: [join(folder, "cgroup.procs")],
        oom: { version: 2, folder } as const,
        namespaces: [...BASE.namespaces, { kind: "cgroup" } as const],
        mounts: [
          ...(BASE.mounts ?? []),
          { kind: "fs", source: "cgroup", target: "/sys/fs/cgroup", type: "cgroup2", flags: ["ro", "nosuid"] } as const,
        ],
      };
      using hog = await box.start({
        ...config,
        args: ["sh", "-c", "cat /proc/self/cgroup /sys/fs/cgroup/memory.max; x=x; while :; do x=$x$x; done"],
      });
      expect(await hog.exit()).toMatchObject({ exitCode: 137, oomKilled: true });
      expect(hog.stdout()).toBe(`0::/\n${24 << 20}\n`);
      expect(await box.state()).toMatchObject({ oomKilled: true, oomKills: 1 });
      using main = await box.start({ ...config, args: ["sleep", "1000"] });
      expect(readFileSync(`/proc/${await box.pid()}/cgroup`, "utf8")).toContain(basename(folder));
      expect((await box.exec("e", { args: ["cat", "/proc/self/cgroup"], cgroups: config.cgroups })).ok).toBe(true);
      using exec = await attachAndStart(box.execSocket("e"));
      await exec.exit();
      expect(exec.stdout()).toBe("0::/\n");
      await Bun.write(join(folder, "cgroup.kill"), "1");
      expect(await main.exit()).toMatchObject({ exitCode: 137, oomKilled: false });
    } finally {
      for (let i = 0; i < 200 && readFileSync(join(folder, "cgroup.procs"), "utf8") !== ""; i++) await Bun.sleep(20);
      rmdirSync(folder);
    }
  },
);

testUnless(lacksRoot, "an overlay of several folders, also with colons and commas in their names", async () => {
  await using box = await makeBox();
  const made = async (name: string) => {
    const path = join(box.scratch, name);
    await mkdir(path);
    return path;
  };
  const lower = [];
  for (const name of ["first:with,odd\\name", "second", "third"]) {
    lower.push(await made(name));
    await Bun.write(join(lower.at(-1) ?? "", "from"), `${name}\n`);
  }
  const config = {
    root: { path: await made("place") },
    overlay: { lower: [...lower, box.rootfs], upper: await made("upper"), work: await made("work"), volatile: true },
  };
  const { stdout } = await box.run({ ...config, args: ["sh", "-c", "cat /from; echo new >/made; ls /bin/sh"] });
  expect(stdout).toBe("first:with,odd\\name\n/bin/sh\n");
  expect(readFileSync(join(config.overlay.upper, "made"), "utf8")).toBe("new\n");
});
