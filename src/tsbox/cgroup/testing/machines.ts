import { FakeKernel } from "./fake-kernel.ts";

/** This project's development machine: cpu and cpuacct mounted apart, a cgroup2 beside them. */
export const HYBRID_MOUNTINFO = `23 1 254:0 / / rw,relatime - ext4 /dev/root rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;
export const HYBRID_SELF = `9:name=systemd:/
8:pids:/
7:blkio:/
6:freezer:/
5:devices:/
4:memory:/process_api/3f2e
3:cpuset:/
2:cpuacct:/
1:cpu:/
0::/
`;

/** Debian 10 with Docker: co-mounted controllers in either order, one of them mounted for a container as well. */
export const V1_MOUNTINFO = `25 0 8:1 / / rw - ext4 /dev/sda1 rw
30 25 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755
33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:14 - cgroup cgroup rw,cpu,cpuacct
34 30 0:30 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:15 - cgroup cgroup rw,memory
35 30 0:31 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,xattr,release_agent=/lib/systemd/systemd-cgroups-agent,name=systemd
80 25 0:30 /docker/abc /mnt/m ro - cgroup cgroup rw,memory
`;
export const V1_SELF = `4:memory:/user.slice
3:cpuacct,cpu:/
1:name=systemd:/user.slice/session-1.scope
`;

export const V2_MOUNTINFO = `23 0 254:0 / / rw,relatime - ext4 /dev/root rw
30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`;
export const V2_SELF = "0::/user.slice/session-1.scope\n";

const V1_FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cpu: {
    "cpu.shares": "1024",
    "cpu.cfs_period_us": "100000",
    "cpu.cfs_quota_us": "-1",
    "cpu.stat": "nr_periods 0\nthrottled_time 7\n",
  },
  cpuacct: { "cpuacct.usage": "12345678\n" },
  cpuset: { "cpuset.cpus": "\n", "cpuset.mems": "\n" },
  memory: {
    "memory.limit_in_bytes": "9223372036854771712",
    "memory.memsw.limit_in_bytes": "9223372036854771712",
    "memory.soft_limit_in_bytes": "9223372036854771712",
    "memory.usage_in_bytes": "5000\n",
    "memory.stat": "cache 5\ninactive_file 1\ntotal_inactive_file 2000\n",
    "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
  },
  freezer: { "freezer.state": "THAWED\n" },
  blkio: {
    "blkio.throttle.io_service_bytes_recursive":
      "8:0 Read 4096\n8:0 Write 1\n8:16 Read 2\n8:0 Total 4097\nTotal 4099\n",
  },
  pids: { "pids.max": "max\n", "pids.current": "2\n" },
};

/** A machine as Debian 12 on this project's: hybrid. Paths tell which controller a cgroup is of. */
export function hybridMachine(): FakeKernel {
  const kernel = new FakeKernel((path) => V1_FILES[path.split("/")[4] ?? ""] ?? {});
  kernel.plain("/proc/self/mountinfo", HYBRID_MOUNTINFO);
  kernel.plain("/proc/self/cgroup", HYBRID_SELF);
  for (const name of [...Object.keys(V1_FILES), "devices", "systemd"]) kernel.mount(`/sys/fs/cgroup/${name}`);
  kernel.set("/sys/fs/cgroup/cpuset/cpuset.cpus", "0-1\n");
  kernel.set("/sys/fs/cgroup/cpuset/cpuset.mems", "0\n");
  return kernel;
}

export function v2Machine(controllers = "cpuset cpu io memory hugetlb pids"): FakeKernel {
  const kernel = new FakeKernel(() => ({
    "cgroup.controllers": controllers,
    "cgroup.subtree_control": "",
    "cgroup.freeze": "0",
    "cgroup.events": "populated 1\nfrozen 0\n",
    "cgroup.kill": "",
    "cpu.max": "max 100000",
    "cpu.weight": "100",
    "cpu.stat": "usage_usec 2500\nuser_usec 1\nthrottled_usec 3\n",
    "cpuset.cpus": "",
    "memory.max": "max",
    "memory.low": "0",
    "memory.swap.max": "max",
    "memory.current": "9000",
    "memory.stat": "anon 1\ninactive_file 1000\n",
    "memory.events": "low 0\noom 5\noom_kill 4\n",
    "pids.max": "max",
    "pids.current": "1",
    "io.stat": "8:0 rbytes=10 wbytes=20 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=5 wbytes=0 rios=1 wios=0\n",
  }));
  kernel.plain("/proc/self/mountinfo", V2_MOUNTINFO);
  kernel.plain("/proc/self/cgroup", V2_SELF);
  kernel.mount("/sys/fs/cgroup");
  return kernel;
}
