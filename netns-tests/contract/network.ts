import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CniVersion, JsonObject } from "../../src/cni/types.ts";
import { type Attachment, type Chain, makeChain } from "../support/chain.ts";
import { makeNetns, makeSandbox, type Netns } from "../support/netns.ts";
import type { PrintedResult } from "../support/plugin.ts";
import { type DiffOptions, diff, type Snapshot, snapshot } from "../support/snapshot.ts";
import { addressesOf } from "./printed.ts";
import type { NetworkPlace, Subject } from "./subject.ts";

/** A host of the test's own, with folders for leases, and the sandboxes made for it. */
export interface Bench extends AsyncDisposable {
  readonly host: Netns;
  readonly dataDir: string;
  sandbox(): Promise<Netns>;
  /** Closed with the bench. */
  use<T extends AsyncDisposable>(what: T): T;
  snapshot(): Promise<Snapshot>;
}

/** @param root where its files are to be */
export async function makeBench(root = tmpdir()): Promise<Bench> {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(root, "contract-"));
  stack.defer(async () => rmSync(folder, { recursive: true, force: true }));
  const host = stack.use(await makeNetns());
  // A new namespace may inherit it from the machine.
  await host.exec("sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0");
  const dataDir = join(folder, "networks");
  return {
    host,
    dataDir,
    sandbox: async () => stack.use(await makeSandbox()),
    use: (what) => stack.use(what),
    snapshot: () => snapshot(host, { folders: [folder] }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Namespaces come and go with tests beside this one. What a host-local network keeps: its lock, where it was, its index. */
const ALWAYS: readonly RegExp[] = [
  /^[+-] netns /,
  /^[+~] file \S+\/networks\/[\w.-]+\/(lock|last_reserved_ip\.\d+)( |$)/,
  /^[+~] file \S+\/networks\/\.tsnet\/[\w.-]+\/index( |$)/,
];

/** What a plugin left behind; `[]` is what all tests want. `stays` are the shared parts its README names. */
export function leftovers(
  before: Snapshot,
  after: Snapshot,
  { stays }: Pick<Subject, "stays">,
  more: DiffOptions["ignore"] = [],
): string[] {
  return diff(before, after, { ignore: [...ALWAYS, ...stays, ...more] });
}

/** One container on a network of a subject. */
export interface Attached {
  readonly network: Network;
  readonly sandbox: Netns;
  readonly at: Attachment;
  readonly result: PrintedResult;
  /** Without prefix length, v4 before v6. */
  readonly addresses: readonly string[];
}

/** A subject at work on a bench. */
export interface Network {
  readonly bench: Bench;
  readonly subject: Subject;
  readonly place: NetworkPlace;
  readonly chain: Chain;
  readonly plugins: readonly JsonObject[];
  /** An attachment's parameters, its sandbox made. */
  newContainer(id: string, more?: Partial<Attachment>): Promise<{ sandbox: Netns; at: Attachment }>;
  /** `newContainer`, then ADD by the whole chain. */
  attach(id: string, more?: Partial<Attachment>): Promise<Attached>;
}

export interface NetworkOptions {
  readonly name?: string;
  readonly index?: number;
  readonly cniVersion?: CniVersion;
}

export function makeNetwork(bench: Bench, subject: Subject, options: NetworkOptions = {}): Network {
  const { name = "net", index = 1, cniVersion = "1.1.0" } = options;
  const place: NetworkPlace = { name, index, dataDir: bench.dataDir };
  const plugins = subject.plugins(place);
  const chain = makeChain({ name, cniVersion, plugins, host: bench.host });
  let count = 0;
  const network: Network = {
    bench,
    subject,
    place,
    chain,
    plugins,
    async newContainer(id, more = {}) {
      const sandbox = await bench.sandbox();
      const runtimeConfig = subject.runtimeConfig?.(20 * (index - 1) + count++);
      const at: Attachment = {
        containerId: id,
        netns: sandbox.path,
        ...(subject.args !== undefined && { args: subject.args }),
        ...(runtimeConfig && { runtimeConfig }),
        ...more,
      };
      return { sandbox, at };
    },
    async attach(id, more = {}) {
      const { sandbox, at } = await network.newContainer(id, more);
      const result = await chain.add(at);
      return { network, sandbox, at, result, addresses: addressesOf(result) };
    },
  };
  return network;
}
