/**
 * What Podman and Kubernetes nodes configure, with our plugin folder and no other: containers on networks that Podman wrote
 * itself, and pods of containerd on the list of five, on a host whose iptables drops what is forwarded.
 */
import { expect } from "bun:test";
import { join } from "node:path";
import { connect, makeNetns, type Netns } from "../support/netns.ts";
import { netnsAt, type Place } from "../support/place.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import type { PrivateHost } from "../support/private-host.ts";
import { lacksCommand, lacksFile, lacksRoot, testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { reaches, serveAll, tcpEcho, udpEcho } from "../support/traffic.ts";
import { startContainerd } from "./containerd-host.ts";
import { runPod } from "./pod.ts";
import { PEER_IMAGE, setUpPodman } from "./podman-host.ts";

const FIVE = ["bridge", "portmap", "firewall", "tuning", "bandwidth"];
const lacks = [
  lacksRoot,
  lacksCommand("gcc", "nsenter", "unshare", "ip", "nft", "runc", "iptables-nft", "ip6tables-nft"),
  ...[...FIVE, "host-local", "loopback"].map((type) => lacksFile(join(OURS_DIR ?? "dist/cni", type))),
];
const ALONE = [OURS_DIR ?? ""];

const FOLDERS = { folders: ["/var/lib/cni"] };
/** Kept between containers on purpose: where the round-robin stands, the lock, indexes. */
const KEPT = { ignore: [/ file \S+\/(last_reserved_ip\.\d+|lock|\.\S+) ?/] };

const HOST = ["192.0.2.1", "2001:db8::1"] as const;
const OUTSIDE = ["192.0.2.2", "2001:db8::2"] as const;

/** A neighbour on the LAN; FORWARD drops, both families. */
async function prepare(host: PrivateHost): Promise<Netns> {
  for (const tool of ["iptables-nft", "ip6tables-nft"]) await host.exec(tool, "-P", "FORWARD", "DROP");
  const outside = await makeNetns();
  await connect(host.network, "lan0", [`${HOST[0]}/24`, `${HOST[1]}/64`], outside, "lan0", [
    `${OUTSIDE[0]}/24`,
    `${OUTSIDE[1]}/64`,
  ]);
  return outside;
}

interface Server {
  readonly place: Place;
  readonly v4: string;
  readonly v6: string;
}

/** Each other, the outside, and the published ports 8080 (tcp) and 8081 (udp) of the first, from everywhere. */
async function expectConnected(host: PrivateHost, outside: Place, web: Server, other: Server): Promise<void> {
  await using _outside = await serveAll(outside, 9000);
  for (const [from, to] of [
    [web, other],
    [other, web],
  ] as const) {
    expect((await tcpEcho(from.place, to.v4, 80)).address).toBe(from.v4);
    expect((await udpEcho(from.place, to.v6, 80)).address).toBe(from.v6);
    for (const [i, address] of OUTSIDE.entries())
      expect((await tcpEcho(from.place, address, 9000)).address).toBe(HOST[i] ?? "");
  }
  for (const address of HOST)
    for (const from of [outside, host.network, other.place, web.place]) {
      await tcpEcho(from, address, 8080);
      await udpEcho(from, address, 8081);
    }
}

testUnless(
  [...lacks, lacksCommand("podman", "conmon")],
  "Podman with networks it wrote itself, on our plugin folder alone",
  async () => {
    await using runtime = await setUpPodman(ALONE);
    const { host, podman } = runtime;
    await using outside = await prepare(host);
    const ipv6 = (n: number): string[] => ["--ipv6", "--subnet", `10.${n}.0.0/24`, "--subnet", `fd${n}::/64`];
    await podman("network", "create", ...ipv6(77), "front");
    await podman("network", "create", ...ipv6(78), "--opt", "isolate=true", "apart");
    await podman("network", "create", ...ipv6(79), "--opt", "isolate=true", "alone");
    const written = await host.exec("cat", "/etc/cni/net.d/front.conflist");
    const { plugins } = JSON.parse(written) as { plugins: { type: string }[] };
    expect(plugins.map(({ type }) => type)).toEqual(["bridge", "portmap", "firewall", "tuning"]);
    expect(await host.exec("cat", "/etc/cni/net.d/apart.conflist")).toContain('"ingressPolicy": "same-bridge"');

    const run = async (name: string, network: string, ...options: string[]): Promise<Server> => {
      const serve = "serve tcp 0.0.0.0 80 tcp :: 80 udp 0.0.0.0 80 udp :: 80".split(" ");
      await podman("run", "--detach", "--name", name, "--network", network, ...options, PEER_IMAGE, ...serve);
      const [found] = JSON.parse(await podman("inspect", name)) as Inspected[];
      const at = found?.NetworkSettings.Networks[network];
      const place = netnsAt(host.outsidePath(found?.NetworkSettings.SandboxKey ?? ""), name);
      return { place, v4: at?.IPAddress ?? "", v6: at?.GlobalIPv6Address ?? "" };
    };
    const remove = async (...names: string[]): Promise<void> => {
      await podman("stop", "--time", "2", ...names);
      await podman("rm", ...names);
    };
    // The first containers make what all share.
    for (const network of ["front", "apart", "alone"])
      await run(network, network, "--publish", "1:80").then(() => remove(network));
    const idle = await snapshot(host, FOLDERS);

    const publish = ["--publish", "8080:80", "--publish", "8081:80/udp"];
    const [web, other] = [await run("web", "front", ...publish), await run("other", "front")];
    const [apart, alone] = [await run("apart", "apart"), await run("alone", "alone")];
    await expectConnected(host, outside, web, other);
    for (const address of [alone.v4, alone.v6]) expect(await reaches(apart.place, "tcp", address, 80)).toBe(false);
    for (const address of HOST) await tcpEcho(apart.place, address, 8080);
    await remove("web", "other", "apart", "alone");
    expect(await reaches(outside, "tcp", HOST[0], 8080)).toBe(false);
    expect(diff(idle, await snapshot(host, FOLDERS), KEPT)).toEqual([]);
  },
  60_000,
);

interface Inspected {
  NetworkSettings: {
    SandboxKey: string;
    Networks: Record<string, { IPAddress: string; GlobalIPv6Address: string }>;
  };
}

const CONFLIST = {
  cniVersion: "1.0.0",
  name: "podnet",
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      ipMasq: true,
      ipam: {
        type: "host-local",
        ranges: [[{ subnet: "10.88.0.0/16" }], [{ subnet: "fd88::/64" }]],
        routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
      },
    },
    { type: "portmap", capabilities: { portMappings: true } },
    { type: "firewall", ingressPolicy: "same-bridge" },
    { type: "tuning", sysctl: { "net.core.somaxconn": "512" } },
    { type: "bandwidth", capabilities: { bandwidth: true } },
  ],
};

testUnless(
  [...lacks, lacksCommand("containerd", "ctr", "tc")],
  "containerd with bridge, portmap, firewall, tuning and bandwidth, on our plugin folder alone",
  async () => {
    await using runtime = await startContainerd(CONFLIST, ALONE);
    const { host } = runtime;
    await using outside = await prepare(host);
    await (
      await runPod(runtime, { name: "first", portMappings: [{ protocol: "tcp", containerPort: 80, hostPort: 1 }] })
    ).stop();
    const idle = await snapshot(host, FOLDERS);
    {
      await using web = await runPod(runtime, {
        name: "web",
        portMappings: [
          { protocol: "tcp", containerPort: 80, hostPort: 8080 },
          { protocol: "udp", containerPort: 80, hostPort: 8081 },
        ],
        annotations: { "kubernetes.io/ingress-bandwidth": "80M", "kubernetes.io/egress-bandwidth": "40M" },
      });
      await using other = await runPod(runtime, { name: "other" });
      await using _web = await serveAll(web.place, 80);
      await using _other = await serveAll(other.place, 80);
      await expectConnected(host, outside, web, other);
      expect(await web.place.exec("sysctl", "-n", "net.core.somaxconn")).toBe("512\n");
      const qdiscs = await host.exec("tc", "qdisc", "show");
      expect(qdiscs).toMatch(/tbf .*dev veth.* rate 80Mbit/);
      expect(qdiscs).toMatch(/tbf .*dev bwp.* rate 40Mbit/);
    }
    expect(await reaches(outside, "tcp", HOST[0], 8080)).toBe(false);
    expect(diff(idle, await snapshot(host, FOLDERS), KEPT)).toEqual([]);
  },
  60_000,
);
