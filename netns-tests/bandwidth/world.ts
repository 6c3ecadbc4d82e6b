import { expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { type Attachment, type Chain, type ChainOptions, makeChain } from "../support/chain.ts";
import { makeNetns, makeSandbox, type Netns } from "../support/netns.ts";
import type { Place } from "../support/place.ts";
import type { PrintedResult } from "../support/plugin.ts";
import { hasOurs } from "../support/plugin-dirs.ts";
import { type Lack, lacksCommand, lacksRoot } from "../support/skip.ts";

export const lacks: readonly Lack[] = [
  lacksRoot,
  hasOurs ? undefined : "the plugins are not built (npm run build)",
  lacksCommand("ip", "tc"),
];

export interface Container {
  readonly at: Attachment;
  readonly sandbox: Netns;
  readonly result: PrintedResult;
  /** Without prefix length. */
  readonly v4: string;
  readonly v6: string;
}

export interface World extends AsyncDisposable {
  readonly host: Netns;
  /** For leases. */
  readonly dataDir: string;
  /** A config list: bridge with the host as gateway, then bandwidth. */
  network(bandwidth: JsonObject, options?: Partial<ChainOptions>): Chain;
  attach(chain: Chain, more?: Partial<Attachment>): Promise<Container>;
  sandbox(): Promise<Netns>;
}

/** The host on its containers' network. */
export const GATEWAY = { 4: "10.57.0.1", 6: "fd57::1" } as const;

export async function makeWorld(): Promise<World> {
  const stack = new AsyncDisposableStack();
  const host = stack.use(await makeNetns());
  const dataDir = mkdtempSync(join(tmpdir(), "tsnet-bandwidth-"));
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  const ranges = [[{ subnet: "10.57.0.0/16" }], [{ subnet: "fd57::/64" }]];
  const sandbox = async (): Promise<Netns> => stack.use(await makeSandbox());
  let count = 0;
  return {
    host,
    dataDir,
    sandbox,
    network: (bandwidth, options = {}) =>
      makeChain({
        name: "lab",
        host,
        cniVersion: "1.1.0",
        plugins: [
          { type: "bridge", bridge: "br0", isGateway: true, ipam: { type: "host-local", dataDir, ranges } },
          { type: "bandwidth", ...bandwidth },
        ],
        ...options,
      }),
    async attach(chain, more = {}) {
      const there = await sandbox();
      const at = { containerId: `c${count++}`, netns: there.path, ...more };
      const result = await chain.add(at);
      const address = (six: boolean): string =>
        result.ips?.find((ip) => ip.address.includes(":") === six)?.address.split("/")[0] ?? "";
      return { at, sandbox: there, result, v4: address(false), v6: address(true) };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What goes with the network's headers: Ethernet, IP and TCP with a time stamp, of a full packet of 1500 bytes. */
const payloadShare = (to: string): number => (to.includes(":") ? 1428 / 1514 : 1448 / 1514);

/** Bits per second on the wire of one TCP stream between two places. */
export async function measure(from: Place, to: Place, address: string, ms = 1_200): Promise<number> {
  const bytesPerSec = Number(await flood(from, to, address, "source", ms));
  return (8 * bytesPerSec) / payloadShare(address);
}

/** Streams that a loaded machine slows down are tried again; none may be faster than the limit lets it. */
export async function expectRate(from: Place, to: Place, address: string, rate: number): Promise<void> {
  const measured: number[] = [];
  while (measured.length < 4) {
    const now = await measure(from, to, address);
    measured.push(now);
    expect(now).toBeLessThan(1.1 * rate);
    if (now > 0.9 * rate) return;
  }
  throw new Error(`streams to ${address} reach ${measured.map(Math.round).join(", ")} of ${rate} bits per second`);
}

/** How long so many bytes take from one place to another. */
export async function transferMs(from: Place, to: Place, address: string, bytes: number): Promise<number> {
  const start = performance.now();
  await flood(from, to, address, "send", bytes);
  return performance.now() - start;
}

/** Runs a sink and a source of `flood.ts`; what the sink says at the end. */
async function flood(from: Place, to: Place, address: string, how: "source" | "send", much: number): Promise<string> {
  const port = "7777";
  const script = join(import.meta.dir, "flood.ts");
  // What arrives while the sink has no processor must not pile up: it would count in too short a time.
  await to.exec("sysctl", "-qw", "net.ipv4.tcp_rmem=4096 65536 65536");
  const sink = Bun.spawn([...to.enter, process.execPath, script, "sink", address, port], {
    stdout: "pipe",
    stderr: "inherit",
    stdin: "ignore",
    timeout: 30_000,
  });
  const lines = sink.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const first = (await lines.read()).value ?? "";
    if (!first.startsWith("ready")) throw new Error(`the sink in ${to.name} does not listen on ${address}`);
    await from.exec(process.execPath, script, how, address, port, String(much));
    let text = "";
    for (let chunk = await lines.read(); !chunk.done; chunk = await lines.read()) text += chunk.value;
    return text;
  } finally {
    sink.kill("SIGKILL");
    await sink.exited;
  }
}
