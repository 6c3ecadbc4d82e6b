import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CniCommand, JsonObject } from "../../src/cni/types.ts";
import { callPlugin, type PluginAnswer } from "../support/plugin.ts";
import { OURS_DIR, REFERENCE_DIR } from "../support/plugin-dirs.ts";

export type Whose = "ours" | "reference";

/** A folder for leases, and the two executables that work on it. */
export interface HostLocalSet extends Disposable {
  readonly dataDir: string;
  readonly dirs: Readonly<Record<Whose, string>>;
  call(whose: Whose, command: CniCommand, id: string, conf: JsonObject, more?: JsonObject): Promise<PluginAnswer>;
}

export function hostLocalSet(): HostLocalSet {
  const work = mkdtempSync(join(tmpdir(), "tsnet-hl-"));
  const dirs = { ours: oursIn(work), reference: REFERENCE_DIR };
  return {
    dataDir: join(work, "leases"),
    dirs,
    call: (whose, command, id, conf, more = {}) =>
      callPlugin({
        dir: dirs[whose],
        path: [dirs[whose]],
        command,
        conf: { ...conf, ...more },
        containerId: id,
        ifName: "eth0",
        netns: "/run/netns/of-no-meaning-to-an-ipam-plugin",
        timeoutMs: 60_000,
      }),
    [Symbol.dispose]: () => rmSync(work, { recursive: true, force: true }),
  };
}

/** The built executable; before there is one, a script that runs the plugin from its source. */
function oursIn(work: string): string {
  if (OURS_DIR !== undefined && existsSync(join(OURS_DIR, "host-local"))) return OURS_DIR;
  const script = join(work, "host-local");
  writeFileSync(script, `#!/bin/sh\nexec ${process.execPath} ${join(import.meta.dir, "driver.ts")}\n`);
  chmodSync(script, 0o755);
  return work;
}

export function confIn(dataDir: string, ranges: JsonObject[][], network = "net"): JsonObject {
  return { cniVersion: "1.0.0", name: network, type: "host-local", ipam: { type: "host-local", dataDir, ranges } };
}

/** Address to content, from the folder itself. */
export function leasesIn(dataDir: string, network = "net"): Map<string, string> {
  const folder = join(dataDir, network);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return new Map(
    names
      .filter((name) => /^[0-9a-f]+[.:]/.test(name))
      .map((name) => [name, readFileSync(join(folder, name), "latin1")]),
  );
}

/** The addresses of an ADD's result, without their lengths. */
export function addressesOf(answer: PluginAnswer): string[] {
  const ips = answer.json?.["ips"];
  if (!Array.isArray(ips)) return [];
  return ips.flatMap((ip) =>
    typeof ip === "object" && ip !== null && !Array.isArray(ip) && typeof ip["address"] === "string"
      ? [ip["address"].replace(/\/.*$/, "")]
      : [],
  );
}

/** Small numbers in a fixed order, so that a failure can be repeated (mulberry32). */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
