/** What hostile images and containers have done to other launchers (CVE numbers in the names), tried on this one. */
import { expect } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { chmod, mkdir, rename, rm, rmdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { request } from "../../src/tsbox/helper/frames.ts";
import { must, run } from "../support/run.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { attachAndStart, BASE, type Box, CAPABILITIES, connect, HELPER, MOUNTS, makeBox } from "./support/box.ts";

/** A folder of the host beside the root file system, which nothing may touch. */
function makeOutside(box: Box): string {
  const outside = join(box.scratch, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "of the host");
  return outside;
}

function openError(path: string): string {
  try {
    closeSync(openSync(path, "r+"));
    return "";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "";
  }
}

const untouched = (outside: string) => {
  expect(readdirSync(outside)).toEqual(["secret"]);
  expect(readFileSync(join(outside, "secret"), "utf8")).toBe("of the host");
};

for (const name of ["proc", "sys", "dev"])
  for (const to of ["outside", "absolute", "inside"])
    testUnless(
      lacksRoot,
      `/${name} of the image is a link leading ${to} (CVE-2019-19921, 2026-41579, 2026-47766)`,
      async () => {
        await using box = await makeBox();
        const outside = makeOutside(box);
        await rmdir(join(box.rootfs, name));
        await symlink({ outside: "../outside", absolute: outside, inside: "tmp" }[to] ?? "", join(box.rootfs, name));
        expect(await box.create({ args: ["true"] })).toMatchObject({ ok: false, code: "ELOOP", path: `/${name}` });
        untouched(outside);
        expect(readdirSync(join(box.rootfs, "tmp"))).toEqual([]);
      },
    );

testUnless(lacksRoot, "targets behind links of the image stay in it (CVE-2021-30465, 2024-45310)", async () => {
  await using box = await makeBox();
  const outside = makeOutside(box);
  await symlink(outside, join(box.rootfs, "srv"));
  await symlink("../../../../../../../../../etc/shadow-of-the-host", join(box.rootfs, "etc/resolv.conf"));
  await symlink("/proc/1/root", join(box.rootfs, "host"));
  await Bun.write(join(box.scratch, "resolv"), "nameserver 192.0.2.1\n");
  const { code, stdout } = await box.run({
    args: ["sh", "-c", `cat /etc/resolv.conf; ls -d ${outside}/made; ls /host 2>&1`],
    mounts: [
      ...MOUNTS,
      { kind: "fs", source: "tmpfs", type: "tmpfs", target: "/srv/made" },
      { kind: "bind", source: join(box.scratch, "resolv"), target: "/etc/resolv.conf" },
    ],
    devices: [...(BASE.devices ?? []), { path: "/srv/node", type: "c", major: 1, minor: 3, mode: 0o666 }],
    symlinks: [{ path: "/srv/link", target: "/etc" }],
    cwd: "/srv/made/../deep",
  });
  expect(code).toBe(0);
  expect(stdout).toContain(`nameserver 192.0.2.1\n${outside}/made\n`);
  expect(existsSync("/etc/shadow-of-the-host")).toBe(false);
  untouched(outside);
});

testUnless(
  lacksRoot,
  "folders swapped for links while mounts are made do not lead outside (CVE-2021-30465)",
  async () => {
    await using box = await makeBox();
    const outside = makeOutside(box);
    const volume = join(box.scratch, "volume");
    mkdirSync(join(volume, "dir"), { recursive: true });
    symlinkSync(outside, join(volume, "link"));
    await mkdir(join(box.rootfs, "vol"));
    // In another process, exchanging the two as fast as it can.
    const swapper = Bun.spawn(
      [
        "perl",
        "-e",
        'chdir $ARGV[0]; my ($a, $b) = ("dir", "link"); while (1) { syscall(316, -100, $a, -100, $b, 2) }',
        volume,
      ],
      { stdin: "ignore", stdout: "ignore", stderr: "inherit" },
    );
    try {
      for (let i = 0; i < 25; i++) {
        const answer = await box.create({
          args: ["true"],
          mounts: [
            ...MOUNTS,
            { kind: "rbind", source: volume, target: "/vol" },
            { kind: "fs", source: "tmpfs", type: "tmpfs", target: "/vol/dir/new/deep" },
          ],
          maskedPaths: ["/vol/dir/secret"],
        });
        if (!answer.ok) continue; // an error is a good answer to this
        using session = await connect(box.socket);
        await session.ask(request.wait());
        await session.ask(request.signal(9));
        await session.exit();
      }
    } finally {
      swapper.kill("SIGKILL");
      await swapper.exited;
    }
    untouched(outside);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(outside);
  },
);

testUnless(lacksRoot, "a link in place of /dev/null does not unmask (CVE-2025-31133)", async () => {
  await using box = await makeBox();
  await Bun.write(join(box.rootfs, "etc/secret"), "word");
  await symlink("/etc/passwd", join(box.rootfs, "dev/null"));
  const { stdout } = await box.run({
    args: ["sh", "-c", "stat -c '%F %t:%T' /etc/secret; cat /etc/secret"],
    mounts: MOUNTS.filter(({ target }) => !target.startsWith("/dev")),
    devices: [],
    symlinks: [],
    maskedPaths: ["/etc/secret"],
  });
  expect(stdout).toBe("character special file 1:3\n");
});

testUnless(lacksRoot, "no working folder is one of the launcher's descriptors (CVE-2024-21626)", async () => {
  await using box = await makeBox();
  for (let fd = 0; fd < 24; fd++) {
    for (const path of [`/proc/self/fd/${fd}`, `/proc/1/fd/${fd}/../..`]) {
      const answer = await box.create({ args: ["ls", "-d", "bin/busybox"], cwd: path });
      if (answer.ok) throw new Error(`${path} can be gone to`);
      expect(answer.op).toMatch(/chdir|mkdir|getcwd/);
    }
  }
});

testUnless(lacksRoot, "the program cannot be the launcher itself and write to it (CVE-2019-5736)", async () => {
  await using box = await makeBox();
  const before = Bun.hash(readFileSync(HELPER));
  await Bun.write(join(box.rootfs, "bin/evil"), "#!/proc/self/exe\n");
  await chmod(join(box.rootfs, "bin/evil"), 0o755);
  // It runs, inside, as any other program, and says how it is used.
  expect(await box.run({ args: ["/proc/self/exe"] })).toMatchObject({
    code: 125,
    stderr: expect.stringContaining("usage"),
  });
  expect((await box.run({ args: ["evil"] })).code).toBe(125);
  // One that waits inside, and a container that may look into it.
  const all = CAPABILITIES | (1n << 19n); // SYS_PTRACE
  const capabilities = { bounding: all, effective: all, permitted: all, inheritable: 0n, ambient: 0n };
  using main = await box.start({ args: ["sleep", "100"], capabilities });
  const waiting = await box.exec("waiting", { args: ["sleep", "100"] });
  if (!waiting.ok) throw new Error(waiting.message);
  const spy = await box.exec("spy", {
    args: [
      "sh",
      "-c",
      `for p in /proc/[0-9]*; do
         case $(readlink $p/exe) in *tsbox-mon*|/) echo seen; cp $p/exe /tmp/copy
           for how in '>>' '<>' '>'; do eval "(echo x $how $p/exe)" && echo wrote; done; ls -l $p/fd | grep -c -e '->.*/'; esac
       done`,
    ],
    capabilities,
  });
  expect(spy.ok).toBe(true);
  using session = await attachAndStart(box.execSocket("spy"));
  await session.exit();
  // Its three standard streams and nothing else with a path.
  expect(session.stdout()).toBe("seen\n3\n");
  // Kept open until nobody executes it any more, the file still cannot be written this way.
  const kept = openSync(`/proc/${waiting.pid}/exe`, "r");
  try {
    await main.ask(request.signal(9));
    await main.exit();
    let code = "";
    for (let i = 0; i < 200 && code !== "EROFS"; i++) {
      await Bun.sleep(10);
      code = openError(`/proc/self/fd/${kept}`);
    }
    expect(code).toBe("EROFS");
  } finally {
    closeSync(kept);
  }
  expect(Bun.hash(readFileSync(HELPER))).toBe(before);
});

testUnless(
  lacksRoot,
  "nothing is mounted over what the kernel shows in /proc (CVE-2023-28642, 2025-52881)",
  async () => {
    await using box = await makeBox();
    await Bun.write(join(box.scratch, "fake"), "fake");
    for (const target of [
      "/proc/sys/kernel/core_pattern",
      "/proc/self/attr/exec",
      "/proc/1/../self/environ",
      "/proc/fs",
    ])
      expect(
        await box.create({
          args: ["true"],
          mounts: [...MOUNTS, { kind: "bind", source: join(box.scratch, "fake"), target }],
        }),
      ).toMatchObject({ ok: false });
  },
);

testUnless(lacksRoot, "passwd may be a fifo, a device, huge, a loop, or lead outside", async () => {
  await using box = await makeBox();
  const passwd = join(box.rootfs, "etc/passwd");
  const create = () => box.create({ args: ["true"], user: "web" });
  const replace = async (make: () => Promise<unknown>) => {
    await rm(passwd, { force: true });
    await make();
  };
  await replace(() => must(["mkfifo", passwd]));
  expect(await create()).toMatchObject({ ok: false, code: "EINVAL", path: "/etc/passwd" });
  await replace(() => must(["mknod", passwd, "c", "1", "5"]));
  expect(await create()).toMatchObject({ ok: false, code: "EINVAL" });
  await replace(() => must(["truncate", "-s", "100G", passwd]));
  expect(await create()).toMatchObject({ ok: false, code: "EFBIG" });
  await replace(() => symlink("passwd", passwd));
  expect(await create()).toMatchObject({ ok: false, code: "ELOOP" });
  await Bun.write(join(box.scratch, "passwd"), "web:x:0:0::/:/bin/sh\n");
  await replace(() => symlink(join(box.scratch, "passwd"), passwd));
  expect(await create()).toMatchObject({ ok: false, op: "user", code: "ENOENT" });
  await replace(() => Bun.write(passwd, `${":".repeat(100_000)}\nweb\nweb:x:99999999999:1\nweb:x:-5:1\n`));
  expect(await create()).toMatchObject({ ok: false, op: "user", code: "ENOENT" });
});

testUnless(
  lacksRoot,
  "the monitor has no abstract socket and its folder is closed to others (CVE-2020-15257)",
  async () => {
    await using box = await makeBox();
    const before = readFileSync("/proc/net/unix", "utf8").match(/@/g)?.length ?? 0;
    using _ = await box.start({
      args: ["sleep", "100"],
      namespaces: BASE.namespaces.filter(({ kind }) => kind !== "net"),
    });
    expect(readFileSync("/proc/net/unix", "utf8").match(/@/g)?.length ?? 0).toBe(before);
    await chmod(box.scratch, 0o755);
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    expect((await run([...asNobody, "ls", box.dir])).code).not.toBe(0);
    await chmod(box.dir, 0o755);
    expect((await run([...asNobody, "socat", "-u", "OPEN:/dev/null", `UNIX-CONNECT:${box.socket}`])).stderr).toContain(
      "Permission denied",
    );
    await chmod(box.dir, 0o700);
  },
);

testUnless(lacksRoot, "a container cannot leave its root, mount, or reach devices it has no node for", async () => {
  await using box = await makeBox();
  const { stdout } = await box.run({
    args: [
      "sh",
      "-c",
      `mount -t tmpfs x /tmp 2>/dev/null || echo no mount
       umount /proc/sys 2>/dev/null || echo no umount
       mount -o remount,rw /sys 2>/dev/null || echo no remount
       chroot /proc/1/root/../../.. /bin/ls -d /bin/busybox
       ls -d /../../../../bin/busybox
       [ -e /proc/1/root/${box.scratch} ] || echo nothing of the host
       unshare -m true 2>/dev/null || echo no unshare`,
    ],
  });
  expect(stdout).toBe(
    "no mount\nno umount\nno remount\n/bin/busybox\n/../../../../bin/busybox\nnothing of the host\nno unshare\n",
  );
});

testUnless(
  lacksRoot,
  "another process cannot take the place of a missing folder: the state folder is no link",
  async () => {
    await using box = await makeBox();
    const real = join(box.scratch, "real");
    await rename(box.dir, real);
    await symlink(real, box.dir);
    expect(await box.create({ args: ["true"] })).toMatchObject({ ok: false, op: "open", path: box.dir });
    expect(readdirSync(real)).toEqual([]);
  },
);
