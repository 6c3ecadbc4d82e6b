import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadNative } from "../../../../native/load.ts";
import type { Container, Remark } from "../model.ts";
import { containerOfCgroup } from "./cgroup.ts";
import { listContainers } from "./index.ts";

const A = "a".repeat(64);
const B = "b".repeat(64);
const C = "c".repeat(64);
const D = "d".repeat(64);
const E = "e".repeat(64);
const F = "f".repeat(64);
const G = "9".repeat(64);

const root = mkdtempSync(join(tmpdir(), "tsnet-look-"));
const put = (path: string, content: unknown): void => {
  mkdirSync(dirname(`${root}${path}`), { recursive: true });
  writeFileSync(`${root}${path}`, typeof content === "string" ? content : JSON.stringify(content));
};
const remarks: Remark[] = [];
let found: Map<string, Container>;

beforeAll(() => {
  const task = "/run/containerd/io.containerd.runtime.v2.task";
  put(`${task}/k8s.io/${A}/config.json`, {
    annotations: {
      "io.kubernetes.cri.container-name": "app",
      "io.kubernetes.cri.sandbox-name": "web-0",
      "io.kubernetes.cri.sandbox-namespace": "shop",
    },
    linux: { namespaces: [{ type: "pid" }, { type: "network", path: "/var/run/netns/cni-1" }] },
  });
  put(`${task}/k8s.io/${A}/init.pid`, "321");
  put(`${task}/moby/${B}/config.json`, { linux: { namespaces: "none" } });
  put(`/var/lib/docker/containers/${B}/config.v2.json`, { Name: "/db" });
  put(`/run/containers/storage/overlay-containers/${C}/userdata/config.json`, {});
  put(`/run/containers/storage/overlay-containers/${C}/userdata/pidfile`, "12\n");
  put("/var/lib/containers/storage/overlay-containers/containers.json", [
    { id: C, names: ["\u001b[31mred"] },
    { id: "../../etc", names: ["evil"] },
    7,
    null,
  ]);
  put("/var/lib/tsbox/containers/0123456789ab/config.json", { name: "box" });
  put("/run/tsbox/c/0123456789ab/state.json", { pid: 77 });
  put(`/var/lib/cni/results/net1-${A}-eth0`, {
    kind: "cniCacheV1",
    containerId: A,
    networkName: "net1",
    ifName: "eth0",
    netns: "/run/netns/cni-1",
    cniArgs: [["K8S_POD_NAME", "other"], "x", [1, 2]],
  });
  // CRI-O: a pod's own container and one of its others, as its config.json has them.
  const crio = (id: string, type: string, name: string): void => {
    const folder = `/run/containers/storage/overlay-containers/${id}/userdata`;
    put(`${folder}/config.json`, {
      annotations: {
        "io.container.manager": "cri-o",
        "io.kubernetes.container.name": name,
        "io.kubernetes.pod.name": "mail-0",
        "io.kubernetes.pod.namespace": "post",
        "io.kubernetes.cri-o.ContainerType": type,
        "io.kubernetes.cri-o.ContainerName": `k8s_${name}_mail-0_post_7_0`,
      },
      linux: { namespaces: [{ type: "network", path: "/var/run/netns/9abac4ae" }] },
    });
    put(`${folder}/pidfile`, "99");
  };
  crio(D, "sandbox", "POD");
  crio(E, "container", "smtp");
  // nerdctl: names in a folder of their own, and where versions 2.0 and 2.1 have them.
  for (const id of [F, G]) put(`${task}/default/${id}/init.pid`, "5");
  put(`/var/lib/nerdctl/1935db59/names/default/tea`, F);
  mkdirSync(`${root}/var/lib/nerdctl/1935db59/containers/default/${G}`, { recursive: true });
  put(`/var/lib/nerdctl/1935db59/default/coffee`, `${G}\n`);
  // Garbage of every kind.
  put(`${task}/k8s.io/broken/config.json`, "{");
  put(`${task}/k8s.io/list/config.json`, "[1]");
  put("/run/runc/pid/state.json", { init_process_pid: -4, namespace_paths: [] });
  put("/var/lib/cni/results/zero", "\0\0\0");
  mkdirSync(`${root}/run/runc/folder/state.json`, { recursive: true });
  mkdirSync(`${root}/run/runc/loop`);
  symlinkSync("state.json", `${root}/run/runc/loop/state.json`);
  put("/run/runc/big/state.json", " ".repeat(5 * 1024 * 1024));
  found = listContainers(loadNative(), root, remarks);
});
afterAll(() => rmSync(root, { recursive: true }));

describe("containers by runtime", () => {
  test("containerd with Kubernetes: name, pod, process, namespace, and networks of the CNI cache", () => {
    expect(found.get(A)).toEqual({
      runtime: "containerd",
      id: A,
      name: "app",
      pod: { name: "web-0", namespace: "shop" },
      pid: 321,
      netns: "/var/run/netns/cni-1",
      networks: ["net1/eth0"],
    });
  });
  test("Docker, Podman and tsbox", () => {
    expect(found.get(B)).toMatchObject({ runtime: "docker", name: "db" });
    expect(found.get(C)).toMatchObject({ runtime: "podman", name: "\u001b[31mred", pid: 12 });
    expect(found.get("0123456789ab")).toMatchObject({ runtime: "tsbox", name: "box", pid: 77 });
  });
  test("CRI-O: a pod's own container has no name but the pod's", () => {
    const pod = { name: "mail-0", namespace: "post" };
    expect(found.get(D)).toMatchObject({ runtime: "cri-o", name: undefined, pod, netns: "/var/run/netns/9abac4ae" });
    expect(found.get(E)).toMatchObject({ runtime: "cri-o", name: "smtp", pod, pid: 99 });
  });
  test("nerdctl, in both layouts of its names", () => {
    expect(found.get(F)).toMatchObject({ runtime: "containerd", name: "tea" });
    expect(found.get(G)).toMatchObject({ runtime: "containerd", name: "coffee" });
  });
  test("what is no container ID names none", () =>
    expect([...found.keys()].some((id) => id.includes("/"))).toBe(false));
});

test("garbage in state files is remarked on, each file once, and hides nothing", () => {
  const about = remarks.map((r) => `${r.about.slice(root.length)} ${r.text.split(":")[0]}`);
  const task = "/run/containerd/io.containerd.runtime.v2.task";
  expect(about).toEqual([
    `${task}/k8s.io/broken/config.json is no JSON`,
    `${task}/k8s.io/list/config.json is JSON, but no object`,
    "/run/runc/big/state.json cannot be read",
    "/run/runc/folder/state.json cannot be read",
    "/run/runc/loop/state.json cannot be read",
    "/var/lib/cni/results/zero is no JSON",
  ]);
  expect(found.get("pid")).toMatchObject({ pid: undefined });
});

const groups: readonly [line: string, runtime: string | undefined][] = [
  [`0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${A}.scope`, "containerd"],
  [`5:cpu:/kubepods/burstable/pod1/${A}`, "kubernetes"],
  [`0::/machine.slice/libpod-${A}.scope/container`, "podman"],
  [`0::/machine.slice/libpod-conmon-${A}.scope`, undefined],
  [`0::/kubepods.slice/crio-${A}.scope`, "cri-o"],
  [`0::/system.slice/docker-${A}.scope`, "docker"],
  [`1:name=systemd:/docker/${A}`, "docker"],
  ["4:memory:/tsbox/0123456789ab", "tsbox"],
  ["0::/user.slice/user-0.slice/session-1.scope", undefined],
];
for (const [line, runtime] of groups)
  test(`control group ${line.slice(0, 60)}`, () => expect(containerOfCgroup(line)?.runtime).toBe(runtime));
