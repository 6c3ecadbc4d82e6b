import { afterAll, beforeAll, expect } from "bun:test";
import { connect, makeNetns } from "../support/netns.ts";
import { outside } from "../support/place.ts";
import { OURS_DIR, PLUGIN_PATH } from "../support/plugin-dirs.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { diff, type Snapshot, snapshot } from "../support/snapshot.ts";
import { ping, reaches, serveAll, tcpEcho, udpEcho } from "../support/traffic.ts";
import { type ContainerdHost, startContainerd } from "./containerd-host.ts";
import type { PodPort } from "./cri/cri.ts";
import { type Pod, runPod as startPod } from "./pod.ts";

/** containerd runs pods on our plugins, driven as kubelet drives it: CRI over gRPC. */

const lack = lacksRoot ?? lacksCommand("containerd", "ctr", "runc", "gcc", "nsenter", "unshare", "ip", "nft");

const NETWORK = "podnet";
const CONFLIST = {
  cniVersion: "1.0.0",
  name: NETWORK,
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: {
        type: "host-local",
        ranges: [[{ subnet: "10.88.0.0/16" }], [{ subnet: "fd88::/64" }]],
        routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
      },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

let runtime: ContainerdHost;
let machineBefore: Snapshot;
let idle: Snapshot;

const FOLDERS = { folders: ["/var/lib/cni"] };
/** Kept between containers on purpose: where the round-robin stands, the lock, indexes. */
const BOOKKEEPING = [/ file \S+\/(last_reserved_ip\.\d+|lock|\.\S+) ?/];
/** Other tests of this machine may run beside this one. */
const OF_OTHERS = [/^. netns /];

const runPod = (name: string, portMappings: readonly PodPort[] = []): Promise<Pod> =>
  startPod(runtime, { name, portMappings });

const nothingLeft = async (): Promise<void> => {
  expect(diff(idle, await snapshot(runtime.host, FOLDERS), { ignore: BOOKKEEPING })).toEqual([]);
};

beforeAll(async () => {
  if (lack !== undefined) return;
  machineBefore = await snapshot(outside);
  runtime = await startContainerd(CONFLIST, PLUGIN_PATH);
  // The first pod makes what all share: the bridge, its gateway addresses, base chains.
  await (await runPod("first", [{ protocol: "tcp", containerPort: 80, hostPort: 1 }])).stop();
  idle = await snapshot(runtime.host, FOLDERS);
}, 60_000);

afterAll(async () => {
  if (lack !== undefined) return;
  await runtime[Symbol.asyncDispose]();
  expect(diff(machineBefore, await snapshot(outside), { ignore: OF_OTHERS })).toEqual([]);
}, 30_000);

testUnless(
  lack,
  "pods one after another: each has addresses of its own, reaches the others and the host, and leaves nothing",
  async () => {
    {
      await using one = await runPod("one");
      await using two = await runPod("two");
      await using three = await runPod("three");
      const pods = [one, two, three];
      expect(pods.every(({ status }) => status.ready)).toBe(true);
      expect(new Set(pods.flatMap(({ v4, v6 }) => [v4, v6])).size).toBe(6);
      for (const pod of pods) {
        expect(pod.v4).toStartWith("10.88.0.");
        expect(pod.v6).toStartWith("fd88::");
        expect(await ping(pod.place, "127.0.0.1")).toBe(true);
        for (const other of pods) {
          expect(await ping(pod.place, other.v4)).toBe(true);
          expect(await ping(pod.place, other.v6)).toBe(true);
        }
      }
      await using _server = await serveAll(three.place, 7000);
      expect((await tcpEcho(one.place, three.v4, 7000)).address).toBe(one.v4);
      expect((await udpEcho(two.place, three.v6, 7000)).address).toBe(two.v6);
      expect((await tcpEcho(runtime.host.network, three.v4, 7000)).address).toBe("10.88.0.1");
    }
    await nothingLeft();
  },
  60_000,
);

testUnless(
  lack,
  "a pod's host port is reached from the host, a neighbour, another pod and itself, by tcp and udp",
  async () => {
    const { host } = runtime;
    await using neighbour = await makeNetns();
    await connect(host.network, "lan0", ["192.0.2.1/24", "2001:db8::1/64"], neighbour, "lan0", [
      "192.0.2.2/24",
      "2001:db8::2/64",
    ]);
    const idleWithLan = await snapshot(host, FOLDERS);
    {
      await using other = await runPod("other");
      await using web = await runPod("web", [
        { protocol: "tcp", containerPort: 80, hostPort: 8080 },
        { protocol: "udp", containerPort: 80, hostPort: 8081 },
      ]);
      await using _server = await serveAll(web.place, 80);
      for (const address of ["192.0.2.1", "2001:db8::1"]) {
        for (const from of [host.network, neighbour, other.place, web.place]) {
          await tcpEcho(from, address, 8080);
          await udpEcho(from, address, 8081);
        }
        expect(await reaches(neighbour, "tcp", address, 8081)).toBe(false);
      }
      await tcpEcho(host.network, "127.0.0.1", 8080);
      // A neighbour's address is not hidden from the pod.
      expect((await tcpEcho(neighbour, "192.0.2.1", 8080)).address).toBe("192.0.2.2");
      expect((await udpEcho(neighbour, "2001:db8::1", 8081)).address).toBe("2001:db8::2");
      // The way out is masqueraded.
      await using _outside = await serveAll(neighbour, 9000);
      expect((await tcpEcho(web.place, "192.0.2.2", 9000)).address).toBe("192.0.2.1");
      expect((await tcpEcho(web.place, "2001:db8::2", 9000)).address).toBe("2001:db8::1");
      await web.stop();
      expect(await reaches(neighbour, "tcp", "192.0.2.1", 8080)).toBe(false);
    }
    expect(diff(idleWithLan, await snapshot(host, FOLDERS), { ignore: BOOKKEEPING })).toEqual([]);
    await host.network.exec("ip", "link", "del", "dev", "lan0");
  },
  60_000,
);

testUnless(
  lack,
  "20 pods at once, each with a host port, started together and stopped together",
  async () => {
    const { host, cri } = runtime;
    await using running = new AsyncDisposableStack();
    const start = async (n: number): Promise<Pod> => {
      const pod = running.use(await runPod(`many${n}`, [{ protocol: "tcp", containerPort: 80, hostPort: 20_000 + n }]));
      running.use(await serveAll(pod.place, 80));
      return pod;
    };
    const pods = await Promise.all(Array.from({ length: 20 }, (_, n) => start(n)));
    expect(new Set(pods.map(({ v4 }) => v4)).size).toBe(20);
    expect(new Set(pods.map(({ v6 }) => v6)).size).toBe(20);
    await Promise.all(
      pods.map(async (pod, n) => {
        await tcpEcho(host.network, "127.0.0.1", 20_000 + n, { timeoutMs: 10_000 });
        await tcpEcho(pod.place, (pods[(n + 1) % 20] ?? pod).v4, 80, { timeoutMs: 10_000 });
      }),
    );
    await Promise.all(pods.map((pod) => pod.stop()));
    expect(await cri.listPodSandbox()).toEqual([]);
    await nothingLeft();
  },
  90_000,
);

testUnless(
  // The reference leaves its masquerading rules when the namespace has gone first.
  lack ?? (OURS_DIR === undefined ? "our plugins are not built (npm run build)" : undefined),
  "a pod whose namespace vanished under it is stopped and removed, and its port and addresses are free again",
  async () => {
    const { host } = runtime;
    {
      await using lost = await runPod("lost", [{ protocol: "tcp", containerPort: 80, hostPort: 8080 }]);
      await host.exec("umount", lost.status.netns);
      await host.exec("rm", lost.status.netns);
    }
    await nothingLeft();
    {
      await using next = await runPod("next", [{ protocol: "tcp", containerPort: 80, hostPort: 8080 }]);
      await using _server = await serveAll(next.place, 80);
      await tcpEcho(host.network, "127.0.0.1", 8080);
    }
    await nothingLeft();
  },
  60_000,
);
