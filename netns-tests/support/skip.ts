/**
 * Tests that need something a machine may lack: they are registered as skipped and say why, in a line that the runner
 * (scripts/tally.ts) collects: `SKIP <test>: <reason>`.
 *
 *     const test = skipUnless(missing === "", missing);
 */
import { test } from "bun:test";
import { existsSync } from "node:fs";

export type TestFunction = (name: string, body: () => void | Promise<void>, timeoutMs?: number) => void;

/** bun:test's `test`, or one that skips each test it is given, with the reason. */
export function skipUnless(condition: boolean, reason: string): TestFunction {
  if (condition) return test;
  return (name, body) => {
    console.log(`SKIP ${name}: ${reason}`);
    test.skip(name, body);
  };
}

// What is missing here, in words; empty when nothing is.

export const missingRoot: string = process.getuid?.() === 0 ? "" : "needs root";

export function missingCommands(...names: readonly string[]): string {
  const absent = names.filter((name) => Bun.which(name) === null);
  return absent.length > 0 ? `needs ${absent.join(", ")}` : "";
}

export const missingFile = (path: string): string => (existsSync(path) ? "" : `needs ${path}`);

/** Arguments that `ip link add` wants beside the kind. */
const LINK_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  vlan: ["id", "5"],
  vrf: ["table", "77"],
  vxlan: ["id", "5", "dstport", "4789"],
};

/** Whether the kernel makes links of a kind (`vlan`, `ipvlan`, `dummy`, …), tried in a namespace that ends at once. */
export function missingLinkKind(kind: string): string {
  const add = ["ip", "link", "add", "link", "lower", "name", "probe", "type", kind, ...(LINK_ARGUMENTS[kind] ?? [])];
  const script = `ip link add lower type veth peer name other && ${add.join(" ")}`;
  const { exitCode, stderr } = Bun.spawnSync(["unshare", "--net", "sh", "-c", script]);
  return exitCode === 0 ? "" : `the kernel makes no links of kind ${kind} (${stderr.toString().trim()})`;
}
