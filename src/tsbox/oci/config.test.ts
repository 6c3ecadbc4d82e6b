import { describe, expect, test } from "bun:test";
import { DEFAULT_NODES, DEV_LINKS } from "../devices/nodes.ts";
import { DEFAULT_RULES } from "../devices/rules.ts";
import type { ContainerConfig } from "../helper/config.ts";
import { capabilitySets } from "../isolation/capabilities.ts";
import { OciError, type OciOptions, ociConfig } from "./config.ts";

const container: ContainerConfig = {
  args: ["sh", "-c", "true"],
  env: ["PATH=/bin"],
  user: "1000:100",
  capabilities: capabilitySets(["CAP_CHOWN", "CAP_KILL"]),
  rlimits: [{ resource: "nofile", soft: 64, hard: -1 }],
  namespaces: [{ kind: "mnt" }, { kind: "net", path: "/run/tsbox/netns/x" }],
  root: { path: "/srv/root", readOnly: true },
  mounts: [
    { kind: "fs", source: "proc", type: "proc", target: "/proc", flags: ["nosuid"] },
    { kind: "fs", source: "tmpfs", type: "tmpfs", target: "/sys/fs/cgroup", flags: ["ro"], data: "mode=755" },
    { kind: "bind", source: "/sys/fs/cgroup/cpu/tsbox/x", target: "/sys/fs/cgroup/cpu", flags: ["ro"] },
    { kind: "rbind", source: "/srv/data", target: "/data", propagation: "rslave" },
  ],
  devices: [...DEFAULT_NODES, { path: "/dev/fuse", type: "c", major: 10, minor: 229, mode: 0o600 }],
  symlinks: DEV_LINKS,
  maskedPaths: ["/proc/kcore"],
};
const options: OciOptions = {
  cgroupsPath: "/tsbox/x",
  limits: { memoryBytes: 1 << 26, memorySwapBytes: -1, pidsLimit: 5 },
  deviceRules: DEFAULT_RULES,
  policy: {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [
      { names: ["read"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, op: "SCMP_CMP_EQ", value: (1n << 64n) - 1n }] },
    ],
  },
};

describe("config.json", () => {
  const text = ociConfig(container, options);
  const config = JSON.parse(text);

  test("process", () => {
    expect(config.process).toMatchObject({
      args: container.args,
      cwd: "/",
      user: { uid: 1000, gid: 100 },
      noNewPrivileges: false,
    });
    expect(config.process.capabilities).toEqual({
      bounding: ["CAP_CHOWN", "CAP_KILL"],
      effective: ["CAP_CHOWN", "CAP_KILL"],
      permitted: ["CAP_CHOWN", "CAP_KILL"],
      inheritable: [],
      ambient: [],
    });
    expect(text).toMatch(/"type": "RLIMIT_NOFILE",\s+"soft": 64,\s+"hard": 18446744073709551615/);
  });

  test("mounts; the binds of cgroup v1 are one of type cgroup", () => {
    expect(config.mounts).toEqual([
      { destination: "/proc", type: "proc", source: "proc", options: ["nosuid"] },
      { destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] },
      { destination: "/data", type: "bind", source: "/srv/data", options: ["rbind", "rslave"] },
    ]);
  });

  test("namespaces, devices, limits, filter with all its bits", () => {
    expect(config.linux.namespaces).toEqual([{ type: "mount" }, { type: "network", path: "/run/tsbox/netns/x" }]);
    expect(config.linux.devices).toEqual([
      { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o600, uid: 0, gid: 0 },
    ]);
    expect(config.linux.resources).toMatchObject({ memory: { limit: 1 << 26, swap: -1 }, pids: { limit: 5 } });
    expect(config.linux.resources.devices.slice(0, 3)).toEqual([
      { allow: false, access: "rwm" },
      { allow: true, type: "c", access: "m" },
      { allow: true, type: "b", access: "m" },
    ]);
    expect(text).toContain('"value": 18446744073709551615');
  });

  test.each([
    [{ user: "web" }, /"web"/],
    [{ overlay: { lower: ["/a"] } }, /overlay/],
    [{ symlinks: [{ path: "/bin/sh", target: "busybox" }] }, /"\/bin\/sh"/],
  ])("%j has no words there", (more, message) => {
    expect(() => ociConfig({ ...container, ...more }, options)).toThrow(OciError);
    expect(() => ociConfig({ ...container, ...more }, options)).toThrow(message);
  });
});
