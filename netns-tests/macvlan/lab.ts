import { expect } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { type Attachment, type Chain, makeChain } from "../support/chain.ts";
import { connect, makeNetns, makeSandbox, type Netns } from "../support/netns.ts";
import { PluginFailure, type PrintedResult } from "../support/plugin.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import { lacksCommand, lacksLinkKind, lacksRoot } from "../support/skip.ts";

export const lack =
  lacksRoot ??
  lacksCommand("gcc", "ip", "bridge", "nsenter") ??
  (OURS_DIR === undefined ? "our plugins are not built (npm run build)" : undefined) ??
  lacksLinkKind("macvlan");

export interface Container {
  readonly at: Attachment;
  readonly sandbox: Netns;
  readonly result: PrintedResult;
  /** First address of the family, without its length. */
  readonly v4: string;
  readonly v6: string;
}

/**
 * A host whose `nic0` is on a segment with a neighbour (10.66.0.1, fd66::1): a switch in a namespace of its own, with the
 * host at `port1`.
 */
export interface Lab extends AsyncDisposable {
  readonly host: Netns;
  readonly neighbour: Netns;
  readonly switch: Netns;
  readonly dataDir: string;
  use<T extends AsyncDisposable>(what: T): T;
  /** A network on the segment; keys of the plugin besides `type`; `ipam: null` is a layer-2 network. */
  network(conf?: JsonObject, name?: string): Network;
}

export interface Network {
  readonly chain: Chain;
  readonly conf: JsonObject;
  attach(containerId: string, options?: Partial<Attachment> & { sandbox?: Netns }): Promise<Container>;
}

/** Addresses that no range of a network gives. */
export const NEIGHBOUR = ["10.66.0.1", "fd66::1"] as const;

export async function makeLab(): Promise<Lab> {
  const stack = new AsyncDisposableStack();
  const [host, neighbour, middle] = [await makeNetns(), await makeNetns(), await makeNetns()];
  for (const each of [host, neighbour, middle]) stack.use(each);
  await connect(host, "nic0", [], middle, "port1", []);
  await connect(neighbour, "eth0", ["10.66.0.1/24", "fd66::1/64"], middle, "port2", []);
  await middle.exec(
    "sh",
    "-ec",
    "ip link add br0 type bridge; for port in port1 port2; do ip link set $port master br0; done; ip link set br0 up",
  );
  const dataDir = await mkdtemp(join(tmpdir(), "tsnet-macvlan-"));
  stack.defer(() => rm(dataDir, { recursive: true }));
  const hostLocal: JsonObject = {
    type: "host-local",
    dataDir,
    ranges: [[{ subnet: "10.66.0.0/24", rangeStart: "10.66.0.10" }], [{ subnet: "fd66::/64", rangeStart: "fd66::10" }]],
  };
  return {
    host,
    neighbour,
    switch: middle,
    dataDir,
    use: (what) => stack.use(what),
    network(keys = {}, name = "lan") {
      const { ipam, ...rest } = keys;
      const conf = { type: "macvlan", master: "nic0", ...rest, ...(ipam === null ? {} : { ipam: ipam ?? hostLocal }) };
      const chain = makeChain({ name, host, cniVersion: "1.1.0", plugins: [conf] });
      return {
        chain,
        conf,
        async attach(containerId, { sandbox: given, ...options } = {}) {
          const sandbox = given ?? stack.use(await makeSandbox());
          const at = { containerId, netns: sandbox.path, ...options };
          const result = await chain.add(at);
          const address = (six: boolean) =>
            result.ips?.find((ip) => ip.address.includes(":") === six)?.address.split("/")[0] ?? "";
          return { at, sandbox, result, v4: address(false), v6: address(true) };
        },
      };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Names of the links in a namespace. */
export async function linkNames(where: Netns): Promise<string[]> {
  const links = JSON.parse(await where.exec("ip", "-j", "link")) as { ifname: string }[];
  return links.map(({ ifname }) => ifname);
}

export interface SeenLink {
  readonly address: string;
  readonly promiscuity: number;
  readonly mtu: number;
  readonly linkinfo?: { info_data?: { mode?: string } };
  readonly addr_info: readonly { local: string; tentative?: boolean; scope: string }[];
}

export async function linkIn(where: Netns, name: string): Promise<SeenLink> {
  const [link] = JSON.parse(await where.exec("ip", "-j", "-d", "addr", "show", "dev", name)) as SeenLink[];
  if (link === undefined) throw new Error(`${where.name} has no link ${name}`);
  return link;
}

/** The error object of a call that must fail. */
export async function errorOf(call: Promise<unknown>): Promise<JsonObject> {
  const failure: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(PluginFailure);
  return failure instanceof PluginFailure ? (failure.answer.json ?? {}) : {};
}
