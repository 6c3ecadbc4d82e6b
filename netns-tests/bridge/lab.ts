import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CniVersion, JsonObject } from "../../src/cni/types.ts";
import { type Attachment, type Chain, makeChain } from "../support/chain.ts";
import { makeNetns, makeSandbox, type Netns } from "../support/netns.ts";
import type { PrintedResult } from "../support/plugin.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import { lacksCommand, lacksRoot } from "../support/skip.ts";

export const lack =
  lacksRoot ??
  lacksCommand("gcc", "ip", "bridge", "nft") ??
  (OURS_DIR === undefined ? "our plugins are not built (npm run build)" : undefined);

/** One container on the network of a lab. */
export interface Container {
  readonly at: Attachment;
  readonly sandbox: Netns;
  readonly result: PrintedResult;
  /** First address of the family, without its length. */
  readonly v4: string;
  readonly v6: string;
}

/** A host with one bridge network of our plugins. */
export interface Lab extends AsyncDisposable {
  readonly host: Netns;
  readonly dataDir: string;
  readonly chain: Chain;
  attach(containerId: string, options?: Partial<Attachment>): Promise<Container>;
}

/** @param conf keys of the bridge plugin besides `type`; `ipam: null` is a layer-2 network */
export async function makeLab(conf: JsonObject, cniVersion: CniVersion = "1.1.0"): Promise<Lab> {
  const stack = new AsyncDisposableStack();
  const host = stack.use(await makeNetns());
  const dataDir = await mkdtemp(join(tmpdir(), "tsnet-bridge-"));
  stack.defer(() => rm(dataDir, { recursive: true }));
  const ipam: JsonObject = {
    type: "host-local",
    dataDir,
    ranges: [[{ subnet: "10.55.0.0/24" }], [{ subnet: "fd55::/64" }]],
  };
  const { ipam: own, ...rest } = conf;
  const plugin = { type: "bridge", bridge: "br0", ...rest, ...(own === null ? {} : { ipam: own ?? ipam }) };
  const chain = makeChain({ name: "lab", host, cniVersion, plugins: [plugin] });
  return {
    host,
    dataDir,
    chain,
    async attach(containerId, options = {}) {
      const sandbox = stack.use(await makeSandbox());
      const at = { containerId, netns: sandbox.path, ...options };
      const result = await chain.add(at);
      const address = (six: boolean) =>
        result.ips?.find((ip) => ip.address.includes(":") === six)?.address.split("/")[0] ?? "";
      return { at, sandbox, result, v4: address(false), v6: address(true) };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What `ip -j` or `bridge -j` says, first entry. */
export async function first<T = JsonObject>(where: Netns, ...command: string[]): Promise<T> {
  const [entry] = JSON.parse(await where.exec(...command)) as T[];
  if (entry === undefined) throw new Error(`${command.join(" ")}: nothing`);
  return entry;
}
