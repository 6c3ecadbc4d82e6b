import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { peerPath } from "./peer.ts";
import { netnsAt, type Place, place } from "./place.ts";
import { randomName } from "./run.ts";

/** Empty memory file systems of the private host's own, in place of what a runtime writes on a real one. */
const PRIVATE_FOLDERS = [
  "/run",
  "/var/lib/cni",
  "/var/lib/containerd",
  "/var/lib/containers",
  "/var/lib/tsbox",
  "/etc/cni",
  "/etc/containers",
] as const;

export interface PrivateHost extends Place, AsyncDisposable {
  /** Its first process, as seen from outside. */
  readonly pid: number;
  /** Only its network, with the files and processes of the outside: cheaper to enter, and what is started dies with us. */
  readonly network: Place;
  /** Where a path of the private host stands for the outside: `/proc/PID/root/run/x`. */
  outsidePath(path: string): string;
  /** Starts a daemon inside that lives as long as the host. */
  start(cmd: readonly string[], env?: Record<string, string>): Bun.Subprocess<"ignore", "pipe", "pipe">;
}

/**
 * A host for container runtimes: network, mount, PID and cgroup namespaces of its own, so that a daemon, its shims and
 * its containers see nothing of the machine, change nothing on it, and all end with the first process. Needs root, gcc.
 */
export async function makePrivateHost(): Promise<PrivateHost> {
  const name = randomName("t");
  const groups = makeCgroups(name);
  const setUp = [
    // Both still name the outside's PID: /proc is the outside's until it is mounted anew.
    "read -r pid rest </proc/self/stat",
    ...groups.map(({ folder }) => `echo $$ > ${folder}/cgroup.procs`),
    `exec setpriv --pdeathsig KILL unshare --cgroup --mount --net --pid --fork --kill-child=KILL --propagation private sh -ec '
      read -r pid rest </proc/self/stat
      mount -t proc proc /proc
      for folder in ${PRIVATE_FOLDERS.join(" ")}; do mkdir -p $folder; mount -t tmpfs -o mode=0755 tmpfs $folder; done
      mkdir -p /run/tmp /run/netns
      ${groups.map(remount).join("\n")}
      ip link set lo up
      echo ready $pid
      exec "$1"' sh "$1"`,
  ].join("\n");
  const child = Bun.spawn(["sh", "-ec", setUp, "sh", await peerPath()], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const reader = child.stdout.getReader();
  const first = await reader.read();
  reader.releaseLock();
  const pid = Number(/^ready (\d+)/.exec(new TextDecoder().decode(first.value))?.[1]);
  if (!pid) {
    child.kill("SIGKILL");
    await child.exited;
    await removeCgroups(groups);
    throw new Error(`private host: ${await new Response(child.stderr).text()}`);
  }
  const join = groups.map(({ inside }) => `echo $$ > ${inside}/cgroup.procs`).join("; ");
  const enter = ["nsenter", `--target=${pid}`, "--mount", "--net", "--pid", "--cgroup", "--"];
  const inside = place(name, `/proc/${pid}/ns/net`, [...enter, "sh", "-c", `cd /; ${join}; exec "$@"`, "sh"]);
  return {
    ...inside,
    pid,
    network: netnsAt(inside.path, name),
    outsidePath: (path) => `/proc/${pid}/root${path}`,
    start: (cmd, env = {}) =>
      Bun.spawn([...inside.enter, ...cmd], {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        env: { ...processEnvironment(), ...env },
      }),
    [Symbol.asyncDispose]: async () => {
      process.kill(pid, "SIGKILL");
      await child.exited;
      await removeCgroups(groups);
    },
  };
}

const processEnvironment = (): Record<string, string> => ({
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/run",
  TMPDIR: "/run/tmp",
});

interface Cgroup {
  /** The group made for this host, in the outside's mount. */
  readonly folder: string;
  /** Where the host's processes live, as the host sees it. */
  readonly inside: string;
  readonly mountPoint: string;
  /** Mount options, `memory` or `none,name=systemd`; absent for cgroup v2. */
  readonly options?: string;
}

/** One new group in every mounted hierarchy (cgroups(7)): the root of the private host's cgroup namespace. */
function makeCgroups(name: string): Cgroup[] {
  const found: Cgroup[] = [];
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [type, , options = ""] = after.split(" ");
    const mountPoint = before.split(" ")[4] ?? "";
    if (type === "cgroup") {
      const controllers = options
        .split(",")
        .filter((option) => option !== "rw" && option !== "xattr" && !option.includes("release_agent"));
      const named = controllers.some((controller) => controller.startsWith("name="));
      const folder = join(mountPoint, name);
      found.push({
        folder,
        inside: mountPoint,
        mountPoint,
        options: (named ? ["none", ...controllers] : controllers).join(","),
      });
    } else if (type === "cgroup2" && !/hybrid|unified/.test(mountPoint)) {
      // Processes may not sit beside enabled controllers: those of the host live one level below.
      found.push({ folder: join(mountPoint, name), inside: join(mountPoint, "host"), mountPoint });
    }
  }
  for (const { folder, mountPoint } of found) {
    Bun.spawnSync(["mkdir", "-p", folder]);
    // A cpuset takes no process before it has these.
    for (const file of ["cpuset.cpus", "cpuset.mems"])
      if (existsSync(join(mountPoint, file))) Bun.spawnSync(["cp", join(mountPoint, file), join(folder, file)]);
  }
  return found;
}

const remount = ({ mountPoint, options, inside }: Cgroup): string =>
  options === undefined
    ? `umount ${mountPoint}; mount -t cgroup2 cgroup2 ${mountPoint}; mkdir -p ${inside}; echo 1 > ${inside}/cgroup.procs
       sed "s/[a-z_]*/+&/g" ${mountPoint}/cgroup.controllers > ${mountPoint}/cgroup.subtree_control`
    : `umount ${mountPoint}; mount -t cgroup -o ${options} cgroup ${mountPoint}`;

/** Removes the groups with all below; the kernel takes a moment to let go of the last process. */
async function removeCgroups(groups: readonly Cgroup[]): Promise<void> {
  for (const { folder } of groups) {
    for (let attempt = 0; existsSync(folder); attempt++) {
      try {
        removeTree(folder);
      } catch (error) {
        if (attempt === 100) throw error;
        await Bun.sleep(20);
      }
    }
  }
}

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  rmdirSync(folder);
}
