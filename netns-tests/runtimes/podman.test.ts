import { afterAll, beforeAll, expect } from "bun:test";
import { connect, makeNetns } from "../support/netns.ts";
import { netnsAt, outside, type Place } from "../support/place.ts";
import { PLUGIN_PATH } from "../support/plugin-dirs.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { diff, type Snapshot, snapshot } from "../support/snapshot.ts";
import { reaches, tcpEcho, udpEcho } from "../support/traffic.ts";
import { PEER_IMAGE, type PodmanHost, setUpPodman } from "./podman-host.ts";

/** Podman with its CNI back-end runs containers on our plugins, with the config lists that it writes itself. */

const lack = lacksRoot ?? lacksCommand("podman", "runc", "conmon", "gcc", "nsenter", "unshare", "ip", "nft");

let runtime: PodmanHost;
let machineBefore: Snapshot;
let idle: Snapshot;

const FOLDERS = { folders: ["/var/lib/cni"] };
const BOOKKEEPING = [/ file \S+\/(last_reserved_ip\.\d+|lock|\.\S+) ?/];
/** Other tests of this machine may run beside this one. */
const OF_OTHERS = [/^. netns /];

const SERVE = ["tcp 0.0.0.0 80", "tcp :: 80", "udp 0.0.0.0 80", "udp :: 80"].join(" ").split(" ");

/** `podman run -d` of a server on port 80, all families and protocols. */
const runServer = (name: string, ...options: string[]): Promise<string> =>
  runtime.podman("run", "--detach", "--name", name, ...options, PEER_IMAGE, "serve", ...SERVE);

const remove = async (...names: string[]): Promise<void> => {
  await runtime.podman("stop", "--time", "2", ...names);
  await runtime.podman("rm", ...names);
};

/** However a test ends, its containers do not disturb the next. */
const removeAtEnd = (...names: string[]): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => {
    await runtime.podman("rm", "--force", "--ignore", "--time", "0", ...names);
  },
});

interface Inspected {
  NetworkSettings: {
    SandboxKey: string;
    Networks: Record<string, { IPAddress: string; GlobalIPv6Address: string; MacAddress: string }>;
  };
}

async function inspect(name: string, network: string): Promise<{ v4: string; v6: string; place: Place }> {
  const [found] = JSON.parse(await runtime.podman("inspect", name)) as Inspected[];
  const settings = found?.NetworkSettings;
  const { IPAddress: v4 = "", GlobalIPv6Address: v6 = "" } = settings?.Networks[network] ?? {};
  return { v4, v6, place: netnsAt(runtime.host.outsidePath(settings?.SandboxKey ?? ""), name) };
}

const nothingLeft = async (): Promise<void> => {
  expect(diff(idle, await snapshot(runtime.host, FOLDERS), { ignore: BOOKKEEPING })).toEqual([]);
};

beforeAll(async () => {
  if (lack !== undefined) return;
  machineBefore = await snapshot(outside);
  runtime = await setUpPodman(PLUGIN_PATH);
  await runtime.podman("network", "create", "--subnet", "10.77.0.0/24", "--ipv6", "--subnet", "fd77::/64", "front");
  await runtime.podman("network", "create", "--subnet", "10.78.0.0/24", "--ipv6", "--subnet", "fd78::/64", "back");
  // The first containers make what all share: the bridges, their gateway addresses, base chains.
  await runServer("first", "--network", "front", "--publish", "1:80");
  await runServer("second", "--network", "back", "--publish", "2:80");
  await remove("first", "second");
  idle = await snapshot(runtime.host, FOLDERS);
}, 60_000);

afterAll(async () => {
  if (lack !== undefined) return;
  await runtime[Symbol.asyncDispose]();
  expect(diff(machineBefore, await snapshot(outside), { ignore: OF_OTHERS })).toEqual([]);
}, 30_000);

testUnless(
  lack,
  "a published port reaches the container although conmon listens on it, and two containers reach each other",
  async () => {
    const { host } = runtime;
    await using neighbour = await makeNetns();
    await connect(host.network, "lan0", ["192.0.2.1/24"], neighbour, "lan0", ["192.0.2.2/24"]);
    await using _ = removeAtEnd("web", "other");
    await runServer("web", "--network", "front", "--publish", "8080:80", "--publish", "8081:80/udp");
    await runServer("other", "--network", "front");
    const [web, other] = await Promise.all([inspect("web", "front"), inspect("other", "front")]);

    // Podman reserves published ports by listening on them itself, before it calls any plugin.
    expect(await host.network.exec("ss", "-Hltn", "sport", "=", ":8080")).toContain("LISTEN");
    for (const from of [host.network, neighbour, other.place, web.place]) {
      await tcpEcho(from, "192.0.2.1", 8080);
      await udpEcho(from, "192.0.2.1", 8081);
    }
    await tcpEcho(host.network, "127.0.0.1", 8080);
    expect((await tcpEcho(neighbour, "192.0.2.1", 8080)).address).toBe("192.0.2.2");

    for (const [from, to] of [
      [web, other],
      [other, web],
    ] as const) {
      expect((await tcpEcho(from.place, to.v4, 80)).address).toBe(from.v4);
      expect((await udpEcho(from.place, to.v6, 80)).address).toBe(from.v6);
    }
    await remove("web", "other");
    expect(await reaches(neighbour, "tcp", "192.0.2.1", 8080)).toBe(false);
    await host.network.exec("ip", "link", "del", "dev", "lan0");
    await nothingLeft();
  },
  60_000,
);

testUnless(
  lack,
  "a container on two networks publishes its port once, and is reached after a restart",
  async () => {
    const { host, podman } = runtime;
    await using _ = removeAtEnd("both", "behind");
    await runServer("both", "--network", "front", "--network", "back", "--publish", "8080:80");
    await runServer("behind", "--network", "back");
    const [front, back, behind] = await Promise.all([
      inspect("both", "front"),
      inspect("both", "back"),
      inspect("behind", "back"),
    ]);
    expect(front.v4).toStartWith("10.77.0.");
    expect(back.v4).toStartWith("10.78.0.");
    await tcpEcho(host.network, "127.0.0.1", 8080);
    expect((await tcpEcho(behind.place, back.v4, 80)).address).toBe(behind.v4);

    await podman("restart", "--time", "2", "both");
    await tcpEcho(host.network, "127.0.0.1", 8080);
    await remove("both", "behind");
    await nothingLeft();
  },
  60_000,
);

testUnless(
  lack,
  "a host port passes to the next container once the first is gone, and a fixed address is given",
  async () => {
    const { host } = runtime;
    await using _ = removeAtEnd("old", "new");
    await runServer("old", "--network", "front", "--ip", "10.77.0.50", "--publish", "8080:80");
    expect((await inspect("old", "front")).v4).toBe("10.77.0.50");
    await tcpEcho(host.network, "127.0.0.1", 8080);
    await remove("old");
    await runServer("new", "--network", "front", "--publish", "8080:80");
    await tcpEcho(host.network, "127.0.0.1", 8080);
    await remove("new");
    await nothingLeft();
  },
  60_000,
);
