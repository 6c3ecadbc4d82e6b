import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { type Attachment, type Chain, makeChain } from "../support/chain.ts";
import { connect, makeNetns, makeSandbox, type Netns } from "../support/netns.ts";
import type { PrintedResult } from "../support/plugin.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import { lacksCommand, lacksRoot } from "../support/skip.ts";

export const lack =
  lacksRoot ??
  lacksCommand("gcc", "ip", "nft", "nsenter") ??
  (OURS_DIR === undefined ? "our plugins are not built (npm run build)" : undefined);

export interface Container {
  readonly at: Attachment;
  readonly sandbox: Netns;
  readonly result: PrintedResult;
  /** Addresses without their length, in the result's order. */
  readonly addresses: readonly string[];
}

export interface Network {
  readonly chain: Chain;
  readonly conf: JsonObject;
  attach(containerId: string, options?: Partial<Attachment> & { sandbox?: Netns }): Promise<Container>;
}

/** A host with an uplink `up0` (192.0.2.1, 2001:db8::1) to an outside (….2) which knows no way to the containers. */
export interface Lab extends AsyncDisposable {
  readonly host: Netns;
  readonly outside: Netns;
  readonly dataDir: string;
  use<T extends AsyncDisposable>(what: T): T;
  /** Keys of the plugin besides `type`. */
  network(conf?: JsonObject, name?: string): Network;
}

export async function makeLab(): Promise<Lab> {
  const stack = new AsyncDisposableStack();
  const [host, outside] = [stack.use(await makeNetns()), stack.use(await makeNetns())];
  await host.exec("sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0");
  await connect(host, "up0", ["192.0.2.1/24", "2001:db8::1/64"], outside, "eth0", ["192.0.2.2/24", "2001:db8::2/64"]);
  const dataDir = await mkdtemp(join(tmpdir(), "tsnet-ptp-"));
  stack.defer(() => rm(dataDir, { recursive: true }));
  const hostLocal: JsonObject = {
    type: "host-local",
    dataDir,
    ranges: [[{ subnet: "10.77.0.0/24" }], [{ subnet: "fd77::/64" }]],
    routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
  };
  return {
    host,
    outside,
    dataDir,
    use: (what) => stack.use(what),
    network(keys = {}, name = "routed") {
      const conf = { type: "ptp", ipam: hostLocal, ...keys };
      const chain = makeChain({ name, host, cniVersion: "1.1.0", plugins: [conf] });
      return {
        chain,
        conf,
        async attach(containerId, { sandbox: given, ...options } = {}) {
          const sandbox = given ?? stack.use(await makeSandbox());
          const at = { containerId, netns: sandbox.path, ...options };
          const result = await chain.add(at);
          const addresses = (result.ips ?? []).map(({ address }) => address.replace(/\/.*/, ""));
          return { at, sandbox, result, addresses };
        },
      };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export const static4and6 = (
  addresses: readonly { address: string; gateway?: string }[],
  routes: readonly JsonObject[] = [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
): JsonObject => ({
  ipam: { type: "static", addresses: addresses.map((each) => ({ ...each })), routes: [...routes] },
});
