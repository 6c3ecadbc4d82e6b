/** The same container twice: under Debian's runc, from the config.json we write, and under our helper. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerCgroup } from "../../src/tsbox/cgroup/cgroup.ts";
import type { Limits } from "../../src/tsbox/cgroup/limits.ts";
import { applyDeviceRules } from "../../src/tsbox/devices/apply.ts";
import { allDevices, DEFAULT_NODES, DEV_LINKS } from "../../src/tsbox/devices/nodes.ts";
import { ALL_DEVICES, DEFAULT_RULES } from "../../src/tsbox/devices/rules.ts";
import type { ContainerConfig } from "../../src/tsbox/helper/config.ts";
import { encodeContainer } from "../../src/tsbox/helper/encode.ts";
import { parseAnswer } from "../../src/tsbox/helper/records.ts";
import { boundingSet, capabilitiesFor, capabilitySets } from "../../src/tsbox/isolation/capabilities.ts";
import { cgroupLinks, defaultMounts, NETWORK_SYSCTLS } from "../../src/tsbox/isolation/mounts.ts";
import { maskedPaths, READONLY_PATHS } from "../../src/tsbox/isolation/paths.ts";
import { ociConfig } from "../../src/tsbox/oci/config.ts";
import { defaultPolicy, filterOf } from "../../src/tsbox/seccomp/filter.ts";
import { run } from "../support/run.ts";
import { attachAndStart, HELPER, makeRoot } from "../tsbox-helper/support/box.ts";
import { type Boxes, cgroup2Mount, makeBoxes } from "./boxes.ts";

export interface Wanted {
  readonly args: readonly string[];
  readonly privileged?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly user?: string;
  readonly noNewPrivileges?: boolean;
  readonly readOnly?: boolean;
  readonly limits?: Limits;
}

export interface Twins extends AsyncDisposable {
  /** Output of the container under each. */
  runc(wanted: Wanted): Promise<string>;
  ours(wanted: Wanted): Promise<string>;
  /** Starts it under each, calls back with the process and its cgroups' names, and kills it. */
  withRunc<T>(wanted: Wanted, look: (pid: number) => Promise<T> | T): Promise<T>;
  withOurs<T>(wanted: Wanted, look: (pid: number) => Promise<T> | T): Promise<T>;
  readonly boxes: Boxes;
}

/** What `tsbox run` does with options, put together from the same parts. */
function describe(wanted: Wanted, rootfs: string, groups: ContainerCgroup) {
  const privileged = wanted.privileged ?? false;
  const available = boundingSet(readFileSync("/proc/self/status", "utf8"));
  const names = capabilitiesFor({ add: wanted.capAdd ?? [], drop: wanted.capDrop ?? [], privileged }, available);
  const policy = privileged ? undefined : defaultPolicy(names);
  const container: ContainerConfig = {
    args: wanted.args,
    env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=twin", "HOME=/root"],
    cwd: "/",
    user: wanted.user,
    capabilities: capabilitySets(names),
    noNewPrivileges: wanted.noNewPrivileges,
    namespaces: (
      ["mnt", "pid", "net", "ipc", "uts", ...(groups.version === 2 ? (["cgroup"] as const) : [])] as const
    ).map((kind) => ({ kind })),
    root: { path: rootfs, readOnly: wanted.readOnly },
    mounts: defaultMounts({ groups, privileged, replaced: [] }),
    devices: [...DEFAULT_NODES, ...(privileged ? allDevices().map(({ node }) => node) : [])],
    symlinks: [...DEV_LINKS, ...cgroupLinks(groups)],
    maskedPaths: privileged ? [] : maskedPaths(readdirSync("/sys/devices/system/cpu")),
    readonlyPaths: privileged ? [] : READONLY_PATHS,
    sysctls: NETWORK_SYSCTLS,
    hostname: "twin",
  };
  return {
    container,
    policy,
    deviceRules: privileged ? [...DEFAULT_RULES, ...ALL_DEVICES] : DEFAULT_RULES,
    limits: wanted.limits ?? {},
  };
}

export async function makeTwins(): Promise<Twins> {
  const scratch = mkdtempSync(join(tmpdir(), "twins-"));
  const rootfs = join(scratch, "root");
  await makeRoot(rootfs);
  const boxes = makeBoxes();
  const twins: Twins = {
    boxes,
    runc: (wanted) =>
      runc(
        wanted,
        async (bundle, state) => (await must(["runc", "--root", state, "run", "--bundle", bundle, "twin"])).stdout,
      ),
    withRunc: (wanted, look) =>
      runc(wanted, async (bundle, state) => {
        const pidFile = join(bundle, "pid");
        await must([
          "sh",
          "-c",
          `exec runc --root ${state} run --detach --pid-file ${pidFile} --bundle ${bundle} twin </dev/null >/dev/null 2>&1`,
        ]);
        try {
          return await look(Number(readFileSync(pidFile, "utf8")));
        } finally {
          await must(["runc", "--root", state, "delete", "--force", "twin"]);
        }
      }),
    ours: (wanted) =>
      ours(wanted, async (session) => {
        await session.exit();
        return session.stdout();
      }),
    withOurs: (wanted, look) => ours(wanted, (_, pid) => look(pid)),
    async [Symbol.asyncDispose]() {
      await boxes[Symbol.asyncDispose]();
      // On a hybrid machine runc also makes our folder in the cgroup2, and leaves it.
      const unified = cgroup2Mount();
      const left = `${unified}/${boxes.parent}`;
      if (unified !== undefined && existsSync(left)) rmdirSync(left);
      rmSync(scratch, { recursive: true, force: true });
    },
  };

  /** runc makes the cgroups itself, beside ours. */
  async function runc<T>(wanted: Wanted, act: (bundle: string, state: string) => Promise<T>): Promise<T> {
    const bundle = mkdtempSync(join(scratch, "bundle-"));
    const { container, ...options } = describe(wanted, rootfs, boxes.cgroups.open("twin"));
    writeFileSync(
      join(bundle, "config.json"),
      ociConfig(container, { ...options, cgroupsPath: `/${boxes.parent}/twin` }),
    );
    return act(bundle, join(bundle, "state"));
  }

  async function ours<T>(
    wanted: Wanted,
    act: (session: Awaited<ReturnType<typeof attachAndStart>>, pid: number) => Promise<T> | T,
  ): Promise<T> {
    const dir = mkdtempSync(join(scratch, "run-"));
    chmodSync(dir, 0o700);
    const groups = boxes.cgroups.create("twin");
    try {
      const { container, policy, deviceRules, limits } = describe(wanted, rootfs, groups);
      groups.setLimits(limits);
      applyDeviceRules(groups, deviceRules);
      const seccomp = policy && filterOf(policy, join(scratch, "filters"));
      const config = encodeContainer({ ...container, cgroups: groups.joinFiles, seccomp });
      const answer = parseAnswer((await run([HELPER, "create", dir], { stdin: config })).stdout);
      if (!answer.ok) throw new Error(answer.message);
      using session = await attachAndStart(join(dir, "attach.sock"));
      return await act(session, answer.pid);
    } finally {
      await groups.killAll();
      await groups.remove();
    }
  }

  mkdirSync(join(scratch, "filters"), { mode: 0o700 });
  return twins;
}

async function must(cmd: readonly string[]) {
  const ran = await run(cmd, { timeoutMs: 100_000 });
  if (ran.code !== 0) throw new Error(`${cmd.join(" ")}: exit ${ran.code}\n${ran.stderr}${ran.stdout}`);
  return ran;
}
