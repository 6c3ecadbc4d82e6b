import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CniCommand, JsonObject } from "../../src/cni/types.ts";
import { connect, makeNetns, makeSandbox, type Netns } from "../support/netns.ts";
import { callPlugin, type PluginAnswer, type PluginCall } from "../support/plugin.ts";
import { hasOurs } from "../support/plugin-dirs.ts";
import { type Lack, lacksCommand, lacksRoot } from "../support/skip.ts";

export const lacks: readonly Lack[] = [
  lacksRoot,
  hasOurs ? undefined : "the plugins are not built (npm run build)",
  lacksCommand("ip", "sysctl"),
];

export const HOST = { 4: "10.59.0.1", 6: "fd59::1" } as const;
export const CONTAINER = { 4: "10.59.0.2", 6: "fd59::2" } as const;
export const MAC = "02:00:00:00:00:59";

/** A container with an interface `eth0` of somebody's, joined to the host. */
export interface World extends AsyncDisposable {
  readonly host: Netns;
  readonly sandbox: Netns;
  readonly dataDir: string;
  /** Tuning alone, with these keys. */
  call(command: CniCommand, keys?: JsonObject, more?: Partial<PluginCall>): Promise<PluginAnswer>;
  /** Everything about `eth0` and the parameters of the container's namespace. */
  state(): Promise<Map<string, string>>;
}

export async function makeWorld(): Promise<World> {
  const stack = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "tsnet-tuning-"));
  stack.defer(async () => rmSync(folder, { recursive: true, force: true }));
  const [host, sandbox] = [stack.use(await makeNetns()), stack.use(await makeSandbox())];
  const cidrs = (of: typeof HOST | typeof CONTAINER) => [`${of[4]}/24`, `${of[6]}/64`];
  await connect(host, "port0", cidrs(HOST), sandbox, "eth0", cidrs(CONTAINER));
  await sandbox.exec("ip", "link", "set", "eth0", "address", MAC);
  const dataDir = join(folder, "tuning");
  const prevResult = {
    cniVersion: "1.1.0",
    interfaces: [
      { name: "port0", mtu: 1500 },
      { name: "eth0", mac: MAC, mtu: 1500, sandbox: sandbox.path },
    ],
  };
  return {
    host,
    sandbox,
    dataDir,
    call: (command, keys = {}, more = {}) =>
      callPlugin({
        command,
        conf: { cniVersion: "1.1.0", name: "lab", type: "tuning", dataDir, prevResult, ...keys },
        host,
        ...(command !== "GC" && command !== "STATUS" && { containerId: "one", netns: sandbox.path, ifName: "eth0" }),
        ...more,
      }),
    async state() {
      const [link] = JSON.parse(await sandbox.exec("ip", "-j", "link", "show", "eth0")) as JsonObject[];
      const { address, mtu, txqlen, flags } = link ?? {};
      const found = new Map<string, string>([["link", JSON.stringify({ address, mtu, txqlen, flags })]]);
      // Statistics, and what follows the MTU or time by itself.
      const steady = (key: string): boolean =>
        !/(\.neigh\..*base_reachable|nf_conntrack_count|stable_secret)/.test(key);
      for (const line of (await sandbox.exec("sh", "-c", "sysctl -e net 2>/dev/null")).split("\n")) {
        const [key = "", value = ""] = line.split(" = ");
        if (key !== "" && steady(key)) found.set(key, value);
      }
      return found;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What differs, a line each. */
export function difference(before: Map<string, string>, after: Map<string, string>): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].flatMap((key) =>
    before.get(key) === after.get(key) ? [] : [`${key}: ${before.get(key)} → ${after.get(key)}`],
  );
}
