import { mkdirSync } from "node:fs";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { type Attachment, type Chain, makeChain } from "../support/chain.ts";
import { connect, makeNetns, makeSandbox, type Netns } from "../support/netns.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import { type Ran, run } from "../support/run.ts";
import { type Lack, lacksCommand, lacksLinkKind } from "../support/skip.ts";
import { lacksTsnet, TSNET } from "../tsnet/tsnet.ts";

export const lack: Lack = lacksTsnet ?? lacksCommand("bridge", "ping") ?? lacksLinkKind("vxlan");

export const NETWORK = "blue";
export const VNI = 42;
export const DEVICE = `ov${VNI}`;

/** A container of a host. */
export interface Pod {
  readonly host: OverlayHost;
  readonly at: Attachment;
  readonly sandbox: Netns;
  readonly v4: string;
  readonly v6: string;
}

/** One host of the lab: a namespace on the common wire, with folders of its own. */
export interface OverlayHost {
  readonly name: string;
  readonly place: Netns;
  /** 1, 2, 3: its addresses are made of it. */
  readonly number: number;
  /** In the underlay. */
  readonly address: string;
  readonly subnets: readonly string[];
  readonly peersDir: string;
  /** Its object in the config list. */
  readonly plugin: JsonObject;
  readonly chain: Chain;
  attach(containerId: string): Promise<Pod>;
  /** `tsnet …` with this host's configuration. */
  tsnet(...args: string[]): Promise<Ran>;
  /** `tsnet overlay …` */
  overlay(...args: string[]): Promise<Ran>;
  /** `tsnet overlay sync`, which must succeed: the lines it prints. */
  sync(): Promise<string[]>;
  /** What a command of `ip -j` or the like prints, parsed. */
  json<T = Record<string, unknown>>(...command: string[]): Promise<T[]>;
}

export interface OverlayLab extends AsyncDisposable {
  readonly hosts: readonly OverlayHost[];
  /** Beyond the hosts: it knows no way to any container. */
  readonly outside: Netns;
  readonly outsideAddresses: readonly [string, string];
  /** The hosts' addresses as the outside sees them. */
  host(number: number): OverlayHost;
  /** Tells every host of these, and runs `sync` on each. */
  tell(peers: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface LabOptions {
  readonly underlay: 4 | 6;
  readonly hosts?: number;
  /** Keys of the plugin besides. */
  readonly keys?: JsonObject;
  /** Of the underlay. */
  readonly mtu?: number;
}

export const underlay4 = (number: number): string => `192.0.2.${number}`;
export const underlay6 = (number: number): string => `2001:db8:18::${number}`;
export const subnetsOf = (number: number): string[] => [`10.244.${number}.0/24`, `fd00:244:${number}::/64`];

/** What a peer file says of the host of this number. */
export const peerOf = (number: number, underlay: 4 | 6, more: JsonObject = {}): JsonObject => ({
  address: underlay === 4 ? underlay4(number) : underlay6(number),
  subnets: subnetsOf(number),
  ...more,
});

/** Hosts on one wire with the outside as their default gateway, each knowing the others by peer files. */
export async function makeOverlayLab(options: LabOptions): Promise<OverlayLab> {
  const cleanup = new AsyncDisposableStack();
  try {
    return await makeOn(cleanup, options);
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

async function makeOn(cleanup: AsyncDisposableStack, options: LabOptions): Promise<OverlayLab> {
  const folder = await mkdtemp(join(tmpdir(), "tsnet-overlay-"));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const wire = cleanup.use(await makeNetns());
  await wire.exec("ip", "link", "add", "wire0", "type", "bridge");
  await wire.exec("ip", "link", "set", "wire0", "up");
  const plug = async (place: Netns, port: string, addresses: string[]): Promise<void> => {
    await connect(place, "eth0", addresses, wire, port, []);
    await wire.exec("ip", "link", "set", port, "master", "wire0");
  };
  const outside = cleanup.use(await makeNetns());
  await plug(outside, "p0", [`${underlay4(254)}/24`, `${underlay6(254)}/64`]);
  const outsideAddresses = ["203.0.113.1", "2001:db8:ff::1"] as const;
  for (const address of outsideAddresses) await outside.exec("ip", "addr", "add", address, "dev", "lo");

  const hosts: OverlayHost[] = [];
  const { underlay, hosts: count = 3, keys = {}, mtu = 1500 } = options;
  for (let number = 1; number <= count; number++) {
    const place = cleanup.use(await makeNetns());
    await place.exec("sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0");
    await plug(place, `p${number}`, [`${underlay4(number)}/24`, `${underlay6(number)}/64`]);
    if (mtu !== 1500) await place.exec("ip", "link", "set", "eth0", "mtu", String(mtu));
    await place.exec("ip", "route", "add", "default", "via", underlay4(254));
    await place.exec("ip", "-6", "route", "add", "default", "via", underlay6(254));
    hosts.push(makeHost({ number, place, folder, underlay, keys, use: (what) => cleanup.use(what) }));
  }
  const lab: OverlayLab = {
    hosts,
    outside,
    outsideAddresses,
    host(number) {
      const found = hosts[number - 1];
      if (!found) throw new Error(`no host ${number}`);
      return found;
    },
    async tell(peers) {
      for (const { peersDir } of hosts) {
        await rm(peersDir, { recursive: true });
        mkdirSync(peersDir);
        for (const [name, peer] of Object.entries(peers)) await tellOf(peersDir, name, peer);
      }
      await Promise.all(hosts.map(({ sync }) => sync()));
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
  for (const { peersDir } of hosts)
    for (const { name, number } of hosts) await tellOf(peersDir, name, peerOf(number, underlay));
  return lab;
}

/** Writes a peer file whole, as its writer should; text goes in as it is. */
export async function tellOf(peersDir: string, name: string, peer: unknown): Promise<void> {
  const text = typeof peer === "string" ? peer : JSON.stringify(peer);
  await writeFile(join(peersDir, `.${name}.tmp`), text);
  await rename(join(peersDir, `.${name}.tmp`), join(peersDir, `${name}.json`));
}

function makeHost(of: {
  number: number;
  place: Netns;
  folder: string;
  underlay: 4 | 6;
  keys: JsonObject;
  use: <T extends AsyncDisposable>(what: T) => T;
}): OverlayHost {
  const { number, place, underlay } = of;
  const name = `host${number}`;
  const peersDir = join(of.folder, name, "peers");
  const confDir = join(of.folder, name, "net.d");
  for (const each of [peersDir, confDir]) mkdirSync(each, { recursive: true });
  const plugin: JsonObject = {
    type: "vxlan",
    vni: VNI,
    peersDir,
    ...(underlay === 6 ? { local: underlay6(number) } : {}),
    ipMasq: true,
    ipam: { type: "host-local", dataDir: join(of.folder, name, "leases") },
    ...of.keys,
  };
  const list = { cniVersion: "1.1.0", name: NETWORK, plugins: [plugin] };
  const written = writeFile(join(confDir, "10-blue.conflist"), JSON.stringify(list));
  const chain = makeChain({ name: NETWORK, host: place, cniVersion: "1.1.0", plugins: [plugin] });
  const tsnet = async (...args: string[]): Promise<Ran> => {
    await written;
    return run([...place.enter, TSNET, ...args], {
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", NETCONFPATH: confDir, CNI_PATH: OURS_DIR ?? "" },
      timeoutMs: 60_000,
    });
  };
  const overlay = (...args: string[]): Promise<Ran> => tsnet("overlay", ...args);
  const host: OverlayHost = {
    name,
    place,
    number,
    address: underlay === 4 ? underlay4(number) : underlay6(number),
    subnets: subnetsOf(number),
    peersDir,
    plugin,
    chain,
    tsnet,
    overlay,
    async attach(containerId) {
      const sandbox = of.use(await makeSandbox());
      const at = { containerId, netns: sandbox.path };
      const { ips = [] } = await chain.add(at);
      const address = (six: boolean): string =>
        ips.find((ip) => ip.address.includes(":") === six)?.address.split("/")[0] ?? "";
      return { host, at, sandbox, v4: address(false), v6: address(true) };
    },
    async sync() {
      const ran = await overlay("sync");
      if (ran.code !== 0) throw new Error(`sync on ${name}: ${ran.stdout}${ran.stderr}`);
      return ran.stdout.trimEnd().split("\n");
    },
    json: async (...command) => JSON.parse(await place.exec(...command)),
  };
  return host;
}
