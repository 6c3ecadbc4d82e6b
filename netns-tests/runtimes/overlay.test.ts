import { afterAll, beforeAll, expect } from "bun:test";
import type { JsonObject } from "../../src/cni/types.ts";
import { connect } from "../support/netns.ts";
import { netnsAt, outside, type Place } from "../support/place.ts";
import { PLUGIN_PATH } from "../support/plugin-dirs.ts";
import { lacksCommand, lacksLinkKind, lacksRoot, testUnless } from "../support/skip.ts";
import { diff, type Snapshot, snapshot } from "../support/snapshot.ts";
import { ping, serveAll, tcpEcho, udpEcho } from "../support/traffic.ts";
import { type ContainerdHost, startContainerd } from "./containerd-host.ts";
import { PEER_IMAGE, type PodmanHost, setUpPodman } from "./podman-host.ts";

/** One overlay over two hosts: containerd runs pods on the one, Podman containers on the other. */

const lack =
  lacksRoot ??
  lacksCommand("containerd", "ctr", "podman", "conmon", "runc", "gcc", "nsenter", "unshare", "ip", "nft") ??
  lacksLinkKind("vxlan");

const HOSTS = ["192.0.2.1", "192.0.2.2"] as const;

/** The same file on both. */
const CONFLIST: JsonObject = {
  cniVersion: "1.0.0",
  name: "blue",
  plugins: [
    {
      type: "vxlan",
      vni: 42,
      dev: "eth0",
      ipMasq: true,
      peers: HOSTS.map((address, i) => ({
        address,
        subnets: [`10.244.${i + 1}.0/24`, `fd00:244:${i + 1}::/64`],
      })),
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

const FOLDERS = { folders: ["/var/lib/cni"] };
const BOOKKEEPING = [/ file \S+\/(last_reserved_ip\.\d+|lock|\.\S+) ?/];
/** Other tests of this machine may run beside this one. */
const OF_OTHERS = [/^. netns /];
const SERVE = ["tcp 0.0.0.0 80", "tcp :: 80", "udp 0.0.0.0 80", "udp :: 80"].join(" ").split(" ");

let containerd: ContainerdHost;
let podman: PodmanHost;
let machineBefore: Snapshot;
let idle: readonly Snapshot[];

interface Member extends AsyncDisposable {
  readonly place: Place;
  readonly v4: string;
  readonly v6: string;
}

async function runPod(name: string): Promise<Member> {
  const { cri, host } = containerd;
  const id = await cri.runPodSandbox({ name, portMappings: [] });
  const { addresses, netns } = await cri.podSandboxStatus(id);
  const [v4 = "", v6 = ""] = addresses;
  return {
    place: netnsAt(host.outsidePath(netns.replace("/var/run/", "/run/")), name),
    v4,
    v6,
    async [Symbol.asyncDispose]() {
      await cri.stopPodSandbox(id);
      await cri.removePodSandbox(id);
    },
  };
}

async function runContainer(name: string): Promise<Member> {
  await podman.podman("run", "--detach", "--name", name, "--network", "blue", PEER_IMAGE, "serve", ...SERVE);
  const [found] = JSON.parse(await podman.podman("inspect", name)) as {
    NetworkSettings: { SandboxKey: string; Networks: Record<string, { IPAddress: string; GlobalIPv6Address: string }> };
  }[];
  const { IPAddress: v4 = "", GlobalIPv6Address: v6 = "" } = found?.NetworkSettings.Networks["blue"] ?? {};
  return {
    place: netnsAt(podman.host.outsidePath(found?.NetworkSettings.SandboxKey ?? ""), name),
    v4,
    v6,
    async [Symbol.asyncDispose]() {
      await podman.podman("rm", "--force", "--ignore", "--time", "0", name);
    },
  };
}

const looks = (): Promise<Snapshot[]> =>
  Promise.all([containerd.host, podman.host].map((host) => snapshot(host, FOLDERS)));

beforeAll(async () => {
  if (lack !== undefined) return;
  machineBefore = await snapshot(outside);
  [containerd, podman] = await Promise.all([startContainerd(CONFLIST, PLUGIN_PATH), setUpPodman(PLUGIN_PATH)]);
  await Bun.write(podman.host.outsidePath("/etc/cni/net.d/10-blue.conflist"), JSON.stringify(CONFLIST));
  const [one, two] = HOSTS.map((address) => [`${address}/24`]);
  await connect(containerd.host.network, "eth0", one ?? [], podman.host.network, "eth0", two ?? []);
  // The first containers make what stays: the bridge, forwarding, base chains.
  {
    await using _pod = await runPod("first");
    await using _container = await runContainer("first");
  }
  idle = await looks();
}, 60_000);

afterAll(async () => {
  if (lack !== undefined) return;
  await Promise.all([containerd[Symbol.asyncDispose](), podman[Symbol.asyncDispose]()]);
  expect(diff(machineBefore, await snapshot(outside), { ignore: OF_OTHERS })).toEqual([]);
}, 30_000);

testUnless(
  lack,
  "pods of containerd and containers of Podman reach each other as themselves, and nothing is left when they are gone",
  async () => {
    {
      await using pod = await runPod("pod");
      await using container = await runContainer("container");
      expect(pod.v4).toStartWith("10.244.1.");
      expect(pod.v6).toStartWith("fd00:244:1::");
      expect(container.v4).toStartWith("10.244.2.");
      expect(container.v6).toStartWith("fd00:244:2::");
      await using _server = await serveAll(pod.place, 80);
      for (const [from, to] of [
        [pod, container],
        [container, pod],
      ] as const)
        for (const [own, address] of [
          [from.v4, to.v4],
          [from.v6, to.v6],
        ] as const) {
          expect(await ping(from.place, address)).toBe(true);
          expect((await tcpEcho(from.place, address, 80)).address).toBe(own);
          expect((await udpEcho(from.place, address, 80)).address).toBe(own);
        }
      // Anything but the overlay is the host's: the other host's own address sees the host.
      await using _outside = await serveAll(podman.host.network, 9000);
      expect((await tcpEcho(pod.place, HOSTS[1], 9000)).address).toBe(HOSTS[0]);
    }
    for (const [i, after] of (await looks()).entries())
      expect(diff(idle[i] ?? new Map(), after, { ignore: BOOKKEEPING })).toEqual([]);
  },
  60_000,
);
