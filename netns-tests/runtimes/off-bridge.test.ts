/** containerd and Podman run containers off the bridge: routed by ptp, and on the host's own segment by macvlan. */
import { expect } from "bun:test";
import type { JsonObject } from "../../src/cni/types.ts";
import { connect, makeNetns, type Netns } from "../support/netns.ts";
import { netnsAt, type Place } from "../support/place.ts";
import { OURS_DIR, PLUGIN_PATH } from "../support/plugin-dirs.ts";
import { lacksCommand, lacksLinkKind, lacksRoot, testUnless } from "../support/skip.ts";
import { diff, type Snapshot, settled, snapshot } from "../support/snapshot.ts";
import { ping, serveAll, tcpEcho, udpEcho } from "../support/traffic.ts";
import { type ContainerdHost, startContainerd } from "./containerd-host.ts";
import type { PodPort } from "./cri/cri.ts";
import { PEER_IMAGE, setUpPodman } from "./podman-host.ts";

const lacks = (...commands: string[]) => [
  lacksRoot,
  OURS_DIR === undefined ? "our plugins are not built (npm run build)" : undefined,
  lacksCommand(...commands, "runc", "gcc", "nsenter", "unshare", "ip", "nft"),
  lacksLinkKind("macvlan"),
];
const LIMIT_MS = 90_000;

const ROUTED: JsonObject = {
  cniVersion: "1.0.0",
  name: "routed",
  plugins: [
    {
      type: "ptp",
      ipMasq: true,
      ipam: {
        type: "host-local",
        ranges: [[{ subnet: "10.88.0.0/24" }], [{ subnet: "fd88::/64" }]],
        routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
      },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

const SEGMENT: JsonObject = {
  cniVersion: "1.0.0",
  name: "lan",
  plugins: [
    {
      type: "macvlan",
      master: "nic0",
      ipam: {
        type: "host-local",
        ranges: [
          [{ subnet: "10.66.0.0/24", rangeStart: "10.66.0.10" }],
          [{ subnet: "fd66::/64", rangeStart: "fd66::10" }],
        ],
        routes: [{ dst: "0.0.0.0/0" }],
      },
    },
  ],
};

const FOLDERS = { folders: ["/var/lib/cni"] };
/** Kept between containers on purpose: where the round-robin stands, the lock, indexes. */
const BOOKKEEPING = [/ file \S+\/(last_reserved_ip\.\d+|lock|\.\S+) ?/];

interface Pod {
  readonly place: Place;
  readonly v4: string;
  readonly v6: string;
  stop(): Promise<void>;
}

async function runPod(
  { cri, host }: ContainerdHost,
  name: string,
  portMappings: readonly PodPort[] = [],
): Promise<Pod> {
  const id = await cri.runPodSandbox({ name, portMappings });
  const { addresses, netns } = await cri.podSandboxStatus(id);
  const [v4 = "", v6 = ""] = addresses;
  return {
    place: netnsAt(host.outsidePath(netns.replace("/var/run/", "/run/")), name),
    v4,
    v6,
    stop: async () => {
      // As kubelet does it: twice for good measure.
      await cri.stopPodSandbox(id);
      await cri.stopPodSandbox(id);
      await cri.removePodSandbox(id);
    },
  };
}

/** A neighbour on the segment of the host's `nic0`. */
async function neighbourOf(host: Place): Promise<Netns> {
  const neighbour = await makeNetns();
  await connect(host, "nic0", [], neighbour, "eth0", ["10.66.0.1/24", "fd66::1/64"]);
  return neighbour;
}

/** A neighbour beyond the host, which knows no way to containers. */
async function outsideOf(host: Place): Promise<Netns> {
  const outside = await makeNetns();
  await connect(host, "up0", ["192.0.2.1/24", "2001:db8::1/64"], outside, "eth0", ["192.0.2.2/24", "2001:db8::2/64"]);
  return outside;
}

/** TCP and UDP from each to the other, both families, each under its own address. */
async function expectTalk(one: Omit<Pod, "stop">, two: Omit<Pod, "stop">, port: number): Promise<void> {
  for (const [from, to] of [
    [one, two],
    [two, one],
  ] as const) {
    expect((await tcpEcho(from.place, to.v4, port)).address).toBe(from.v4);
    if (to.v6 !== "") expect((await udpEcho(from.place, to.v6, port)).address).toBe(from.v6);
  }
}

testUnless(
  lacks("containerd", "ctr"),
  "containerd on ptp: pods reach each other, the host and the outside, host ports lead in, and nothing stays",
  async () => {
    await using runtime = await startContainerd(ROUTED, PLUGIN_PATH);
    const { host } = runtime;
    await using outside = await outsideOf(host.network);
    // The first pod makes what all share: forwarding and base chains.
    await (await runPod(runtime, "first", [{ protocol: "tcp", containerPort: 80, hostPort: 1 }])).stop();
    const idle = await snapshot(host, FOLDERS);
    const one = await runPod(runtime, "one", [{ protocol: "tcp", containerPort: 80, hostPort: 8080 }]);
    const two = await runPod(runtime, "two");
    {
      await using _one = await serveAll(one.place, 80);
      await using _two = await serveAll(two.place, 80);
      await using _outside = await serveAll(outside, 9000);
      await expectTalk(one, two, 80);
      expect((await tcpEcho(host.network, one.v4, 80)).address).toBe("10.88.0.1");
      expect((await tcpEcho(one.place, "192.0.2.2", 9000)).address).toBe("192.0.2.1");
      expect((await tcpEcho(one.place, "2001:db8::2", 9000)).address).toBe("2001:db8::1");
      for (const from of [host.network, outside, two.place]) await tcpEcho(from, "192.0.2.1", 8080);
      expect((await tcpEcho(outside, "2001:db8::1", 8080)).address).toBe("2001:db8::2");
      await tcpEcho(host.network, "127.0.0.1", 8080);
    }
    await one.stop();
    await two.stop();
    expect(diff(idle, await snapshot(host, FOLDERS), { ignore: BOOKKEEPING })).toEqual([]);
  },
  LIMIT_MS,
);

testUnless(
  lacks("containerd", "ctr"),
  "containerd on macvlan: pods are on the host's segment, together with a neighbour, and nothing stays",
  async () => {
    await using runtime = await startContainerd(SEGMENT, PLUGIN_PATH);
    const { host } = runtime;
    await using neighbour = await neighbourOf(host.network);
    await (await runPod(runtime, "first")).stop();
    const idle = await snapshot(host, FOLDERS);
    const one = await runPod(runtime, "one");
    const two = await runPod(runtime, "two");
    {
      await using _one = await serveAll(one.place, 80);
      await using _two = await serveAll(two.place, 80);
      await expectTalk(one, two, 80);
      expect((await tcpEcho(neighbour, one.v4, 80)).address).toBe("10.66.0.1");
      expect((await tcpEcho(neighbour, two.v6, 80)).address).toBe("fd66::1");
      expect(await ping(one.place, "10.66.0.1")).toBe(true);
    }
    // Its namespace vanishes under it.
    const lost = await runPod(runtime, "lost");
    await host.exec("umount", "-l", lost.place.path.replace(host.outsidePath(""), ""));
    for (const pod of [lost, one, two]) await pod.stop();
    const left = async () => diff(idle, await snapshot(host, FOLDERS), { ignore: BOOKKEEPING });
    expect(await settled(left)).toEqual([]);
  },
  LIMIT_MS,
);

interface Inspected {
  NetworkSettings: {
    SandboxKey: string;
    Networks: Record<string, { IPAddress: string; GlobalIPv6Address: string }>;
  };
}

const SERVE = ["tcp 0.0.0.0 80", "tcp :: 80", "udp 0.0.0.0 80", "udp :: 80"].join(" ").split(" ");

testUnless(
  lacks("podman", "conmon"),
  "Podman on both: a list that it writes itself for macvlan, one of ours for ptp; containers talk, and nothing stays",
  async () => {
    await using runtime = await setUpPodman(PLUGIN_PATH);
    const { host, podman } = runtime;
    await using neighbour = await neighbourOf(host.network);
    await using outside = await outsideOf(host.network);
    await podman(
      ...["network", "create", "--driver", "macvlan", "--opt", "parent=nic0"],
      ...["--subnet", "10.66.0.0/24", "--ip-range", "10.66.0.128/25", "--gateway", "10.66.0.1", "lan"],
    );
    await Bun.write(host.outsidePath("/etc/cni/net.d/20-routed.conflist"), JSON.stringify(ROUTED));
    const run = async (name: string, network: string, ...options: string[]): Promise<Omit<Pod, "stop">> => {
      await podman("run", "--detach", "--name", name, "--network", network, ...options, PEER_IMAGE, "serve", ...SERVE);
      const [found] = JSON.parse(await podman("inspect", name)) as Inspected[];
      const settings = found?.NetworkSettings;
      const { IPAddress: v4 = "", GlobalIPv6Address: v6 = "" } = settings?.Networks[network] ?? {};
      return { place: netnsAt(host.outsidePath(settings?.SandboxKey ?? ""), name), v4, v6 };
    };
    const remove = async (...names: string[]): Promise<void> => {
      await podman("stop", "--time", "2", ...names);
      await podman("rm", ...names);
    };
    await run("first", "lan");
    await run("second", "routed", "--publish", "1:80");
    await remove("first", "second");
    const idle: Snapshot = await snapshot(host, FOLDERS);

    const [lan1, lan2] = [await run("lan1", "lan"), await run("lan2", "lan")];
    expect(lan1.v4).toStartWith("10.66.0.");
    await expectTalk(lan1, lan2, 80);
    expect((await tcpEcho(neighbour, lan1.v4, 80)).address).toBe("10.66.0.1");

    const routed1 = await run("routed1", "routed", "--publish", "8080:80");
    const routed2 = await run("routed2", "routed");
    await expectTalk(routed1, routed2, 80);
    await tcpEcho(outside, "192.0.2.1", 8080);
    await using _outside = await serveAll(outside, 9000);
    expect((await tcpEcho(routed2.place, "192.0.2.2", 9000)).address).toBe("192.0.2.1");
    await remove("lan1", "lan2", "routed1", "routed2");
    expect(diff(idle, await snapshot(host, FOLDERS), { ignore: BOOKKEEPING })).toEqual([]);
  },
  LIMIT_MS,
);
