import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { loadNative } from "../../../native/load.ts";
import { formatIp, parseCidr } from "../../../src/ip/index.ts";
import type { BootIdentity } from "../boot.ts";
import type { Files } from "../files.ts";
import { layoutOf } from "../layout.ts";
import { type AllocateRequest, allocate } from "../lease.ts";
import { completeRange, type RangeSet } from "../ranges.ts";
import type { StoreContext } from "../session.ts";
import { release } from "../verbs.ts";

export const BOOT_A: BootIdentity = { bootId: "aaaaaaaa-0000-4000-8000-000000000001", machineId: "1".repeat(32) };
export const BOOT_B: BootIdentity = { bootId: "bbbbbbbb-0000-4000-8000-000000000002", machineId: "1".repeat(32) };
export const OTHER_MACHINE: BootIdentity = {
  bootId: "cccccccc-0000-4000-8000-000000000003",
  machineId: "2".repeat(32),
};

/** A range set of one range, the default one of the subnet. */
export function setOf(subnet: string): RangeSet {
  const cidr = parseCidr(subnet);
  if (cidr === undefined) throw new Error(`no prefix: ${subnet}`);
  return [completeRange({ subnet: cidr })];
}

/** A folder for leases of its own, removed at the end. */
export function newDataDir(): Disposable & { readonly path: string } {
  const path = mkdtempSync(`${tmpdir()}/tsnet-ipam-`);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function contextIn(
  dataDir: string,
  options: { network?: string; files?: Files; identity?: BootIdentity; lockTimeoutMs?: number } = {},
): StoreContext {
  return {
    files: options.files ?? loadNative(),
    layout: layoutOf(dataDir, options.network ?? "net"),
    identity: options.identity ?? BOOT_A,
    lockTimeoutMs: options.lockTimeoutMs,
  };
}

/** ADD as the plugin does it; addresses as text. */
export async function add(
  context: StoreContext,
  containerId: string,
  sets: readonly RangeSet[],
  more: Partial<AllocateRequest> = {},
): Promise<string[]> {
  const request = { containerId, ifName: "eth0", sets, requested: [], reuseExisting: false, ...more };
  return (await allocate(context, request)).map(({ ip }) => formatIp(ip));
}

export async function del(context: StoreContext, containerId: string, ifName = "eth0"): Promise<string[]> {
  return (await release(context, containerId, ifName)).map(formatIp);
}

/** Lease files as another witness sees them: name to content. */
export function leasesOn(context: StoreContext): Record<string, string> {
  const leases: Record<string, string> = {};
  for (const name of readdirSync(context.layout.leases).sort())
    if (name !== "lock" && !name.startsWith("last_reserved_ip."))
      leases[name] = readFileSync(`${context.layout.leases}/${name}`, "latin1");
  return leases;
}

/** Whether the next call will believe the index. */
export function isStamped(context: StoreContext): boolean {
  return statSync(context.layout.leases).mtime.getUTCFullYear() < 2015;
}

/** `files` that counts calls, and before the chosen one throws what `fault` makes. */
export function faulty(
  files: Files,
  fault: (call: number, name: string) => Error | undefined,
): { files: Files; calls: string[] } {
  const calls: string[] = [];
  const wrapped = new Proxy(files, {
    get(target, name, receiver) {
      const real: unknown = Reflect.get(target, name, receiver);
      if (typeof real !== "function" || typeof name !== "string") return real;
      return (...args: unknown[]): unknown => {
        // Closing cannot fail in a way that keeps the lock, and the end of a process does it as well.
        const error = name === "closeFd" ? undefined : fault(calls.length, name);
        if (name !== "closeFd") calls.push(name);
        if (error !== undefined) throw error;
        return Reflect.apply(real, target, args);
      };
    },
  });
  return { files: wrapped, calls };
}

/** As the addon throws it. */
export function systemError(op: string, code: string): Error {
  return Object.assign(new Error(`${op}: ${code}`), { op, code, errno: 5 });
}
