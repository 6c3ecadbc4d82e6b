import { expect } from "bun:test";
import type { Lab } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

/** Runs a container with options and gives what a file of its cgroup says, of v1 or v2. */
async function limit(
  lab: Lab,
  options: readonly string[],
  controller: string,
  v1: string,
  v2: string,
): Promise<string> {
  const id = await lab.ok("run", "-d", "--network", "none", ...options, "box", "sleep", "60");
  try {
    const script = `cat /sys/fs/cgroup/${controller}/tsbox/${id}/${v1} 2>/dev/null || cat /sys/fs/cgroup/tsbox/${id}/${v2}`;
    return (await lab.host.exec("sh", "-c", script)).trim();
  } finally {
    await lab.ok("rm", "-f", id);
  }
}

const ROWS: readonly [string, readonly string[], string, string, string, RegExp][] = [
  ["run --memory: the most", ["-m", "64m"], "memory", "memory.limit_in_bytes", "memory.max", /^67108864$/],
  [
    "run --memory-swap: memory and swap",
    ["-m", "64m", "--memory-swap", "96m"],
    "memory",
    "memory.memsw.limit_in_bytes",
    "memory.swap.max",
    /^(100663296|33554432)$/,
  ],
  [
    "run --memory-reservation: what it keeps",
    ["--memory-reservation", "32m"],
    "memory",
    "memory.soft_limit_in_bytes",
    "memory.low",
    /^33554432$/,
  ],
  ["run --cpus: a quota", ["--cpus", "0.5"], "cpu", "cpu.cfs_quota_us", "cpu.max", /^50000( 100000)?$/],
  ["run --cpu-shares: a weight", ["--cpu-shares", "512"], "cpu", "cpu.shares", "cpu.weight", /^(512|59)$/],
  [
    "run --cpu-quota: in each period",
    ["--cpu-quota", "20000"],
    "cpu",
    "cpu.cfs_quota_us",
    "cpu.max",
    /^20000( 100000)?$/,
  ],
  [
    "run --cpu-period: its length",
    ["--cpu-period", "50000", "--cpu-quota", "20000"],
    "cpu",
    "cpu.cfs_period_us",
    "cpu.max",
    /^(50000|20000 50000)$/,
  ],
  ["run --cpuset-cpus: processors", ["--cpuset-cpus", "0"], "cpuset", "cpuset.cpus", "cpuset.cpus", /^0$/],
  ["run --pids-limit: processes", ["--pids-limit", "20"], "pids", "pids.max", "pids.max", /^20$/],
];
for (const [name, options, controller, v1, v2, value] of ROWS)
  test(name, async (lab) => expect(await limit(lab, options, controller, v1, v2)).toMatch(value));

test("a container that needs more memory is killed by the kernel, and says so", async (lab) => {
  await lab.ok(
    "create",
    "--name",
    "fat",
    "-m",
    "16m",
    "--memory-swap",
    "16m",
    "--network",
    "none",
    "box",
    "sh",
    "-c",
    "tail /dev/zero",
  );
  await lab.tsbox(["start", "-i", "fat"]);
  expect(await lab.ok("inspect", "-f", "{{.State.OOMKilled}} {{.State.ExitCode}}", "fat")).toBe("true 137");
  await lab.ok("rm", "fat");
  await lab.ok("run", "--name", "thin", "-m", "16m", "--network", "none", "box", "true");
  expect(await lab.ok("inspect", "-f", "{{.State.OOMKilled}}", "thin")).toBe("false");
  await lab.ok("rm", "thin");
});

test("a fork bomb stays in its limit", async (lab) => {
  const bomb = "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 5 & done; echo $(ls -d /proc/[0-9]* | wc -l)";
  const ran = await lab.tsbox(["run", "--rm", "--network", "none", "--pids-limit", "5", "box", "sh", "-c", bomb]);
  expect(ran.stderr).toMatch(/fork|Resource temporarily unavailable/);
});

test("run --ulimit: of its processes", async (lab) => {
  await lab.ok(
    "run",
    "-d",
    "--name",
    "u",
    "--network",
    "none",
    "--ulimit",
    "nofile=100:200",
    "--ulimit",
    "core=0",
    "box",
    "sleep",
    "60",
  );
  const limits = await lab.read(`/proc/${await lab.pidOf("u")}/limits`);
  expect(limits).toMatch(/Max open files\s+100\s+200/);
  expect(limits).toMatch(/Max core file size\s+0\s+0/);
  await lab.ok("rm", "-f", "u");
});

test("run --sysctl: of its own namespace, not of the host's", async (lab) => {
  const before = await lab.read("/proc/sys/net/ipv4/ip_default_ttl");
  await lab.ok(
    "run",
    "-d",
    "--name",
    "s",
    "--sysctl",
    "net.ipv4.ip_default_ttl=77",
    "--sysctl",
    "kernel.shmmni=123",
    "box",
    "sleep",
    "60",
  );
  const enter = ["nsenter", `--target=${await lab.pidOf("s")}`, "--net", "--ipc"];
  expect(await lab.host.exec(...enter, "cat", "/proc/sys/net/ipv4/ip_default_ttl", "/proc/sys/kernel/shmmni")).toBe(
    "77\n123\n",
  );
  expect(await lab.read("/proc/sys/net/ipv4/ip_default_ttl")).toBe(before);
  await lab.ok("rm", "-f", "s");
});

nothingIsLeft();
