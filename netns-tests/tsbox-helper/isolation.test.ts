/** What a container sees and may: namespaces, mounts, masked paths, devices, rights, descriptors. */
import { expect } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { mkdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import type { ContainerConfig } from "../../src/tsbox/helper/config.ts";
import { makeSandbox } from "../support/netns.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { BASE, type Box, CAPABILITIES, makeBox } from "./support/box.ts";

/** Runs a shell script that must succeed; its lines. */
async function shell(box: Box, script: string, config: Partial<ContainerConfig> = {}): Promise<string[]> {
  const { code, stdout, stderr } = await box.run({ ...config, args: ["sh", "-c", script] });
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}${stdout}`);
  return stdout.trimEnd().split("\n");
}

const KINDS = ["mnt", "pid", "net", "ipc", "uts", "cgroup", "time", "user"] as const;
const NS_SCRIPT = `for n in ${KINDS.join(" ")}; do readlink /proc/self/ns/$n; done`;

testUnless(lacksRoot, "namespaces are new, joined or the host's, as configured", async () => {
  await using box = await makeBox();
  await using sandbox = await makeSandbox();
  const host = await Promise.all(KINDS.map((kind) => readlink(`/proc/self/ns/${kind}`)));
  const own = (lines: string[]) => KINDS.filter((_, i) => lines[i] !== host[i]);
  expect(own(await shell(box, NS_SCRIPT))).toEqual(["mnt", "pid", "net", "ipc", "uts"]);
  const all = (["mnt", "pid", "net", "ipc", "uts", "cgroup", "time"] as const).map((kind) => ({ kind }));
  expect(own(await shell(box, NS_SCRIPT, { namespaces: all }))).toEqual([
    "mnt",
    "pid",
    "net",
    "ipc",
    "uts",
    "cgroup",
    "time",
  ]);
  const joined = await shell(box, NS_SCRIPT, {
    namespaces: [
      { kind: "mnt" },
      { kind: "pid" },
      { kind: "ipc" },
      { kind: "uts" },
      { kind: "net", path: sandbox.path },
    ],
  });
  expect(joined[2]).toBe((await sandbox.exec("readlink", "/proc/self/ns/net")).trim());
});

testUnless(
  lacksRoot,
  "the program is process 1 of its namespace, a session of its own, named by its host",
  async () => {
    await using box = await makeBox();
    expect(await shell(box, "echo $$; hostname; cut -d' ' -f5,6 /proc/1/stat; ls /proc | grep -c '^[0-9]'")).toEqual([
      "1",
      "box",
      "1 1",
      "3",
    ]);
  },
);

testUnless(lacksRoot, "mounts are those configured, with their flags, and nothing of the host", async () => {
  await using box = await makeBox();
  await mkdir(join(box.scratch, "data"));
  await Bun.write(join(box.scratch, "one"), "host's file");
  const lines = await shell(box, "cat /proc/self/mountinfo", {
    root: { path: box.rootfs, readOnly: true },
    mounts: [
      ...(BASE.mounts ?? []),
      { kind: "rbind", source: join(box.scratch, "data"), target: "/vol", flags: ["ro", "nosuid"] },
      { kind: "bind", source: join(box.scratch, "one"), target: "/etc/one" },
      { kind: "fs", source: "tmpfs", target: "/scratch", type: "tmpfs", flags: ["noexec", "ro"], data: "size=64k" },
    ],
  });
  const mounts = lines.map((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , , target, options = "", ...optional] = before.split(" ");
    const [type, , ...superOptions] = after.split(" ");
    const flags = options.split(",").filter((flag) => !flag.endsWith("atime"));
    return { target, flags: flags.join(","), type, shared: optional.join(" "), superOptions: superOptions.join(" ") };
  });
  // The root first, the others by name: mountinfo has the order in which they were opened.
  const shown = mounts.map(({ target, flags, type, shared }) => `${target} ${type} ${flags}${shared}`).sort();
  const rootType = mounts[0]?.type;
  const covers = (path: string) =>
    (BASE.maskedPaths ?? []).includes(path)
      ? statSync(path).isDirectory()
        ? `${path} tmpfs ro,nosuid,nodev,noexec`
        : `${path} devtmpfs rw`
      : `${path} proc ro,nosuid,nodev,noexec`;
  expect(shown).toEqual(
    [
      `/ ${rootType} ro`,
      "/proc proc rw,nosuid,nodev,noexec",
      "/dev tmpfs rw,nosuid",
      "/dev/pts devpts rw,nosuid,noexec",
      "/sys sysfs ro,nosuid,nodev,noexec",
      "/dev/mqueue mqueue rw,nosuid,nodev,noexec",
      "/dev/shm tmpfs rw,nosuid,nodev,noexec",
      `/vol ${rootType} ro,nosuid`,
      `/etc/one ${rootType} rw`,
      "/scratch tmpfs ro,noexec",
      ...[...(BASE.maskedPaths ?? []), ...(BASE.readonlyPaths ?? [])].filter(existsSync).map(covers),
    ].sort(),
  );
  expect(mounts.find(({ target }) => target === "/dev")?.superOptions).toContain("size=65536k");
  expect(mounts.find(({ target }) => target === "/dev/pts")?.superOptions).toContain("gid=5,mode=620,ptmxmode=666");
});

testUnless(lacksRoot, "masked paths are empty and read-only ones cannot be written", async () => {
  await using box = await makeBox();
  const config = { maskedPaths: ["/proc/timer_list", "/etc/secret", "/etc/secrets", "/no/such", "/etc/passwd/x"] };
  await Bun.write(join(box.rootfs, "etc/secret"), "word");
  await mkdir(join(box.rootfs, "etc/secrets/deep"), { recursive: true });
  expect(
    await shell(
      box,
      `cat /proc/timer_list | wc -c; cat /etc/secret | wc -c; ls /etc/secrets | wc -l
       touch /etc/secrets/new 2>/dev/null || echo masked folder is read-only
       echo x 2>/dev/null >/proc/sys/kernel/domainname || echo /proc/sys is read-only
       mkdir /sys/fs/cgroup/x 2>/dev/null || echo /sys is read-only`,
      config,
    ),
  ).toEqual(["0", "0", "0", "masked folder is read-only", "/proc/sys is read-only", "/sys is read-only"]);
});

testUnless(lacksRoot, "devices and links are those configured", async () => {
  await using box = await makeBox();
  expect(
    await shell(
      box,
      "cd /dev; for f in *; do stat -c '%n %F %t:%T %a' $f; done; readlink fd; readlink ptmx; readlink stderr",
    ),
  ).toEqual([
    "fd symbolic link 0:0 777",
    "full character special file 1:7 666",
    "mqueue directory 0:0 1777",
    "null character special file 1:3 666",
    "ptmx symbolic link 0:0 777",
    "pts directory 0:0 755",
    "random character special file 1:8 666",
    "shm directory 0:0 1777",
    "stderr symbolic link 0:0 777",
    "stdin symbolic link 0:0 777",
    "stdout symbolic link 0:0 777",
    "tty character special file 5:0 666",
    "urandom character special file 1:9 666",
    "zero character special file 1:5 666",
    "/proc/self/fd",
    "pts/ptmx",
    "/proc/self/fd/2",
  ]);
});

const status = async (box: Box, config: Partial<ContainerConfig> = {}) =>
  Object.fromEntries(
    (await shell(box, "cat /proc/self/status", config)).map((line) => {
      const [name = "", value = ""] = line.split(/:\s*/);
      return [name, value.trim().replaceAll("\t", " ")];
    }),
  );

const hex = (bits: bigint) => bits.toString(16).padStart(16, "0");

testUnless(lacksRoot, "capabilities are the configured ones in every set", async () => {
  await using box = await makeBox();
  expect(await status(box)).toMatchObject({
    ...{
      CapBnd: hex(CAPABILITIES),
      CapPrm: hex(CAPABILITIES),
      CapEff: hex(CAPABILITIES),
      CapInh: hex(0n),
      CapAmb: hex(0n),
    },
    ...{ NoNewPrivs: "0", Seccomp: "0", Uid: "0 0 0 0" },
  });
  const few = { bounding: 0x401n, effective: 0x400n, permitted: 0x401n, inheritable: 0x400n, ambient: 0x400n };
  expect(await status(box, { capabilities: few, user: "web" })).toMatchObject({
    ...{ CapBnd: hex(0x401n), CapPrm: hex(0x400n), CapEff: hex(0x400n), CapInh: hex(0x400n), CapAmb: hex(0x400n) },
    Uid: "33 33 33 33",
  });
});

testUnless(lacksRoot, "a user other than root has no capability, and may open its own standard output", async () => {
  await using box = await makeBox();
  expect(await status(box, { user: "web" })).toMatchObject({
    CapPrm: hex(0n),
    CapEff: hex(0n),
    CapBnd: hex(CAPABILITIES),
  });
  expect(await shell(box, "echo again >/dev/stdout", { user: "web" })).toEqual(["again"]);
});

testUnless(lacksRoot, "users are looked up in the container, strictly", async () => {
  await using box = await makeBox();
  const who = async (user: string, more: Partial<ContainerConfig> = {}) =>
    (await shell(box, "id -u; id -g; id -G; echo $HOME", { user, ...more })).join("|");
  expect(await who("")).toBe("0|0|0|/root");
  expect(await who("web")).toBe("33|33|33 50 60|/srv/web");
  expect(await who("web:staff")).toBe("33|50|50|/srv/web");
  expect(await who("33:1234")).toBe("33|1234|1234|/srv/web");
  expect(await who("999")).toBe("999|0|0|/");
  expect(await who("12x")).toBe("77|77|77|/");
  expect(await who("web", { groups: [7], env: [...BASE.env, "HOME=/x"] })).toBe("33|33|33 7 50 60|/x");
  for (const user of ["nobody", "33x", "-1", "4294967295", "4294967296", "web:nogroup", " 33", "0x21"])
    expect(await box.create({ args: ["id"], user })).toMatchObject({ ok: false, exitCode: 125, errno: 2 });
});

testUnless(lacksRoot, "no descriptor, variable or setting of ours reaches the program", async () => {
  await using box = await makeBox();
  const { stdout } = await box.run({ args: ["ls", "-l", "/proc/self/fd"] });
  const descriptors = stdout.trimEnd().split("\n").slice(1);
  expect(descriptors.map((line) => line.replace(/.* (\d+) -> /, "$1 "))).toEqual([
    "0 /dev/null",
    expect.stringMatching(/^1 .*\/run\/stdout$/),
    expect.stringMatching(/^2 .*\/run\/stderr$/),
    expect.stringMatching(/ 3$/), // which `ls` itself had open
  ]);
  const { stdout: environment } = await box.run({ args: ["env"] });
  expect(environment).toBe("PATH=/bin:/sbin\nTERM=xterm\nHOME=/root\n");
});

testUnless(lacksRoot, "signals are neither blocked nor ignored", async () => {
  await using box = await makeBox();
  const { code, stdout } = await box.run({ args: ["cat", "/proc/self/status"] });
  expect(code).toBe(0);
  expect(stdout).toMatch(/SigBlk:\t0{16}\nSigIgn:\t0{16}\n/);
});

testUnless(lacksRoot, "limits, umask, working folder, no_new_privs and out-of-memory score", async () => {
  await using box = await makeBox();
  const lines = await shell(
    box,
    "ulimit -n; ulimit -Hn; ulimit -c; umask; pwd; grep NoNewPrivs /proc/self/status; cat /proc/self/oom_score_adj",
    {
      rlimits: [
        { resource: "nofile", soft: 100, hard: 200 },
        { resource: "core", soft: 0, hard: 0 },
      ],
      umask: 0o77,
      cwd: "/made/for/it",
      noNewPrivileges: true,
      oomScoreAdj: 500,
    },
  );
  expect(lines).toEqual(["100", "200", "0", "0077", "/made/for/it", "NoNewPrivs:\t1", "500"]);
});

testUnless(lacksRoot, "a limit that we may not raise is clamped, with a warning", async () => {
  await using box = await makeBox();
  const huge = 1_000_000_000_000;
  const answer = await box.create({
    args: ["sh", "-c", "ulimit -Hn"],
    rlimits: [{ resource: "nofile", soft: huge, hard: huge }],
  });
  expect(answer).toMatchObject({ ok: true, warnings: [expect.stringContaining("setrlimit")] });
});

testUnless(lacksRoot, "sysctls of the container's namespaces are set", async () => {
  await using box = await makeBox();
  const sysctls = {
    "net.ipv4.ip_unprivileged_port_start": "0",
    "kernel.shm_rmid_forced": "1",
    "net/ipv4/ip_forward": "1",
  };
  expect(
    await shell(
      box,
      "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_forward",
      { sysctls },
    ),
  ).toEqual(["0", "1", "1"]);
  for (const key of [
    "kernel.core_pattern",
    "kernel.hostname",
    "vm.swappiness",
    "net..ipv4",
    "net.ipv4/../../kernel/core_pattern",
  ])
    expect(await box.create({ args: ["true"], sysctls: { [key]: "1" } })).toMatchObject({ ok: false, op: "config" });
  const withoutNet = BASE.namespaces.filter(({ kind }) => kind !== "net");
  expect(
    await box.create({ args: ["true"], namespaces: withoutNet, sysctls: { "net.ipv4.ip_forward": "1" } }),
  ).toMatchObject({ ok: false, op: "config", path: "SYSCTL" });
});

/** BPF: EPERM for mkdir(2) (83 on x86-64), everything else passes. */
const NO_MKDIR = new Uint8Array(
  new Uint16Array([
    ...[0x20, 0, 0, 0], // load the number of the call
    ...[0x15, 0x0100, 83, 0], // is it mkdir? next, else skip one
    ...[0x06, 0, 1, 5], // errno 1
    ...[0x06, 0, 0, 0x7fff], // allow
  ]).buffer,
);

testUnless(
  lacksRoot,
  "the filter judges the program, with and without no_new_privs, also for a user without rights",
  async () => {
    await using box = await makeBox();
    const script =
      "grep -E '^(Seccomp|CapEff)' /proc/self/status; mkdir /tmp/x 2>&1; touch /tmp/$(id -u) && echo touched";
    for (const noNewPrivileges of [false, true])
      for (const user of ["", "web"]) {
        const lines = await shell(box, script, { seccomp: { filter: NO_MKDIR }, noNewPrivileges, user });
        expect(lines).toEqual([
          `CapEff:\t${hex(user === "" ? CAPABILITIES : 0n)}`,
          "Seccomp:\t2",
          "Seccomp_filters:\t1",
          "mkdir: can't create directory '/tmp/x': Operation not permitted",
          "touched",
        ]);
      }
  },
);

testUnless(
  lacksRoot,
  "an overlay is the root: changes go to the upper folder, nothing is mounted on the host",
  async () => {
    await using box = await makeBox();
    const [upper, work, place, second] = ["upper", "work", "place", "second"].map((name) => join(box.scratch, name));
    for (const path of [upper, work, place, second]) await mkdir(path ?? "");
    await Bun.write(join(second ?? "", "etc/passwd"), "root:x:0:0::/over:/bin/sh\n");
    const config: Partial<ContainerConfig> = {
      root: { path: place ?? "" },
      overlay: { lower: [second ?? "", box.rootfs], upper, work },
    };
    const before = await Bun.file("/proc/self/mountinfo").text();
    expect(
      await shell(
        box,
        "echo $HOME; echo new >/etc/new; rm /etc/group; grep ' / / ' /proc/self/mountinfo | wc -l",
        config,
      ),
    ).toEqual(["/over", "1"]);
    expect(await Bun.file(join(upper ?? "", "etc/new")).text()).toBe("new\n");
    expect(await Bun.file(join(box.rootfs, "etc/group")).exists()).toBe(true);
    expect(await Bun.file("/proc/self/mountinfo").text()).toBe(before);
    const readOnly = { ...config, overlay: { lower: [second ?? "", box.rootfs] } };
    expect((await box.run({ ...readOnly, args: ["touch", "/x"] })).stderr).toContain("Read-only file system");
  },
);

testUnless(lacksRoot, "what the host mounts later reaches a slave bind and not a private one", async () => {
  await using box = await makeBox();
  const source = join(box.scratch, "shared");
  await mkdir(join(source, "sub"), { recursive: true });
  const { must } = await import("../support/run.ts");
  await must(["mount", "--bind", source, source]);
  await must(["mount", "--make-shared", source]);
  try {
    using session = await box.start({
      args: ["sh", "-c", "echo up; read x; cat /slave/sub/file /private/sub/file"],
      stdin: true,
      mounts: [
        ...(BASE.mounts ?? []),
        { kind: "rbind", source, target: "/slave", propagation: "rslave" },
        { kind: "rbind", source, target: "/private" },
      ],
    });
    await session.until("up");
    await must(["mount", "-t", "tmpfs", "tmpfs", join(source, "sub")]);
    await Bun.write(join(source, "sub/file"), "seen\n");
    session.send((await import("../../src/tsbox/helper/frames.ts")).request.stdin(Buffer.from("go\n")));
    expect((await session.exit()).exitCode).toBe(1);
    expect(session.stdout()).toBe("up\nseen\n");
    expect(session.stderr()).toContain("/private/sub/file");
    await must(["umount", join(source, "sub")]);
  } finally {
    await must(["umount", "-l", source]);
  }
});
