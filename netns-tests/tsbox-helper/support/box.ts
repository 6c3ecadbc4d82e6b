import { chmod, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerConfig, ExecConfig, Mount } from "../../../src/tsbox/helper/config.ts";
import { encodeContainer, encodeExec } from "../../../src/tsbox/helper/encode.ts";
import {
  type Answer,
  type MonitorState,
  parseAnswer,
  parsePidFile,
  parseState,
} from "../../../src/tsbox/helper/records.ts";
import { run } from "../../support/run.ts";
import { attachAndStart, connect, type Session } from "./session.ts";

/** `TSBOX_MON` is another build of it, with sanitizers for one. */
export const HELPER = process.env["TSBOX_MON"] ?? join(import.meta.dir, "../../../native/build/tsbox-mon");

/** Docker's 14: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, … */
export const CAPABILITIES = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31].reduce(
  (bits, n) => bits | (1n << BigInt(n)),
  0n,
);

const fs = (target: string, type: string, flags: Mount["flags"], data = ""): Mount => ({
  kind: "fs",
  source: type,
  target,
  type,
  flags,
  data,
});

/** launcher.md §2.3 without cgroups. */
export const MOUNTS: readonly Mount[] = [
  fs("/proc", "proc", ["nosuid", "noexec", "nodev"]),
  fs("/dev", "tmpfs", ["nosuid", "strictatime"], "mode=755,size=65536k"),
  fs("/dev/pts", "devpts", ["nosuid", "noexec"], "newinstance,ptmxmode=0666,mode=0620,gid=5"),
  fs("/sys", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
  fs("/dev/mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
  fs("/dev/shm", "tmpfs", ["nosuid", "noexec", "nodev"], "mode=1777,size=65536k"),
];

const node = (path: string, major: number, minor: number) => ({ path, type: "c" as const, major, minor, mode: 0o666 });

export const BASE: Omit<ContainerConfig, "root" | "args"> = {
  namespaces: (["mnt", "pid", "net", "ipc", "uts"] as const).map((kind) => ({ kind })),
  env: ["PATH=/bin:/sbin", "TERM=xterm"],
  capabilities: {
    bounding: CAPABILITIES,
    effective: CAPABILITIES,
    permitted: CAPABILITIES,
    inheritable: 0n,
    ambient: 0n,
  },
  mounts: MOUNTS,
  devices: [
    node("/dev/null", 1, 3),
    node("/dev/zero", 1, 5),
    node("/dev/full", 1, 7),
    node("/dev/random", 1, 8),
    node("/dev/urandom", 1, 9),
    node("/dev/tty", 5, 0),
  ],
  symlinks: [
    { path: "/dev/fd", target: "/proc/self/fd" },
    { path: "/dev/stdin", target: "/proc/self/fd/0" },
    { path: "/dev/stdout", target: "/proc/self/fd/1" },
    { path: "/dev/stderr", target: "/proc/self/fd/2" },
    { path: "/dev/ptmx", target: "pts/ptmx" },
  ],
  maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/proc/acpi", "/sys/firmware"],
  readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
  hostname: "box",
};

export interface Box extends AsyncDisposable {
  /** `/run/tsbox/<id>` of this test. */
  readonly dir: string;
  readonly rootfs: string;
  readonly socket: string;
  /** Files of the test on the host. */
  readonly scratch: string;
  create(config: Partial<ContainerConfig> & Pick<ContainerConfig, "args">): Promise<Answer>;
  adopt(): Promise<Answer>;
  exec(id: string, config: Partial<ExecConfig> & Pick<ExecConfig, "args">): Promise<Answer>;
  /** Connects to an exec of that name. */
  execSocket(id: string): string;
  /** Creates, attaches, starts. */
  start(config: Partial<ContainerConfig> & Pick<ContainerConfig, "args">): Promise<Session>;
  /** Starts and waits for the end. */
  run(
    config: Partial<ContainerConfig> & Pick<ContainerConfig, "args">,
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  state(): Promise<MonitorState>;
  /** The first process, as the file `pid` says; 0 without. */
  pid(): Promise<number>;
  monitorPid(): Promise<number>;
}

/** A container's folders, with busybox as its root file system. Whatever runs in it is killed at the end. */
export async function makeBox(): Promise<Box> {
  const scratch = await mkdtemp(join(tmpdir(), "box-"));
  const dir = join(scratch, "run");
  const rootfs = join(scratch, "root");
  await mkdir(dir, { mode: 0o700 });
  await makeRoot(rootfs);
  const pids = new Set<number>();
  const call = async (args: readonly string[], stdin: Uint8Array): Promise<Answer> => {
    const ran = await run([HELPER, ...args], { stdin });
    const answer = parseAnswer(ran.stdout);
    if (answer.ok === (ran.code !== 0)) throw new Error(`exit ${ran.code} with ${ran.stdout}${ran.stderr}`);
    if (answer.ok) for (const pid of [answer.pid, answer.monitorPid]) pids.add(pid);
    return answer;
  };
  const box: Box = {
    dir,
    rootfs,
    scratch,
    socket: join(dir, "attach.sock"),
    create: (config) => call(["create", dir], encodeContainer({ ...BASE, root: { path: rootfs }, ...config })),
    adopt: () => call(["adopt", dir], new Uint8Array()),
    exec: (id, config) =>
      call(["exec", dir, id], encodeExec({ env: BASE.env, capabilities: BASE.capabilities, ...config })),
    execSocket: (id) => join(dir, "exec", id, "attach.sock"),
    start: async (config) => {
      const answer = await box.create(config);
      if (!answer.ok) throw new Error(answer.message);
      return attachAndStart(box.socket);
    },
    run: async (config) => {
      using session = await box.start(config);
      const { exitCode } = await session.exit();
      return { code: exitCode, stdout: session.stdout(), stderr: session.stderr() };
    },
    state: async () => parseState(await readFile(join(dir, "state.json"), "utf8")),
    // It may go at any moment.
    pid: async () => parsePidFile(await readFile(join(dir, "pid"), "utf8").catch(() => ""))?.pid ?? 0,
    monitorPid: async () => Number((await readFile(join(dir, "monitor.lock"), "utf8")).split(" ")[0]),
    [Symbol.asyncDispose]: async () => {
      for (const pid of [await box.pid(), await box.monitorPid().catch(() => 0), ...pids]) kill(pid, dir);
      await rm(scratch, { recursive: true, force: true });
    },
  };
  return box;
}

/** Only what still is of this test: a pid may be another's by now. */
function kill(pid: number, dir: string): void {
  if (pid <= 0) return;
  try {
    const { stdout } = Bun.spawnSync(["cat", `/proc/${pid}/cmdline`, `/proc/${pid}/mountinfo`]);
    if (stdout.toString().includes(dir) || stdout.toString().includes(dir.replace(/\/run$/, "/root")))
      process.kill(pid, "SIGKILL");
  } catch {
    // It is gone.
  }
}

export async function makeRoot(path: string): Promise<void> {
  for (const name of ["bin", "etc", "tmp", "proc", "sys", "dev", "root"])
    await mkdir(join(path, name), { recursive: true });
  await chmod(join(path, "tmp"), 0o1777);
  const copied = Bun.spawnSync(["cp", "/bin/busybox", join(path, "bin/busybox")]);
  if (!copied.success) throw new Error(`busybox-static is missing: ${copied.stderr}`);
  const applets = Bun.spawnSync(["/bin/busybox", "--list"]).stdout.toString().trim().split("\n");
  for (const applet of applets) if (applet !== "busybox") await symlink("busybox", join(path, "bin", applet));
  await Bun.write(
    join(path, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/srv/web:/bin/sh\n12x:x:77:77::/:/bin/sh\n",
  );
  await Bun.write(join(path, "etc/group"), "root:x:0:\nweb:x:33:\nstaff:x:50:web,other\nextra:x:60:web\n");
}

export { attachAndStart, connect };
