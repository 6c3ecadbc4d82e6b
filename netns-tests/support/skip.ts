/**
 * Tests that need something a machine may lack: they are registered as skipped and say why, in a line that the runner
 * (scripts/tally.ts) collects: `SKIP <test>: <reason>`.
 */
import { test } from "bun:test";
import { existsSync } from "node:fs";

/** What is missing here, in words; `undefined` when nothing is. */
export type Lack = string | undefined;

/** `test(name, body)`, or a skipped test when one of the lacks is a reason. */
export function testUnless(
  lacks: Lack | readonly Lack[],
  name: string,
  body: () => void | Promise<void>,
  timeoutMs?: number,
): void {
  const reason = [lacks].flat().find((lack) => lack !== undefined);
  if (reason === undefined) {
    test(name, body, timeoutMs);
    return;
  }
  console.log(`SKIP ${name}: ${reason}`);
  test.skip(name, body);
}

export const lacksRoot: Lack = process.getuid?.() === 0 ? undefined : "needs root";

/** The first of the commands that PATH has not. */
export function lacksCommand(...names: readonly string[]): Lack {
  const absent = names.find((name) => Bun.which(name) === null);
  return absent === undefined ? undefined : `${absent} is not installed`;
}

export const lacksFile = (path: string): Lack => (existsSync(path) ? undefined : `${path} is not there`);

/** Arguments that `ip link add` wants beside the kind. */
const LINK_ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  vlan: ["id", "5"],
  vrf: ["table", "77"],
  vxlan: ["id", "5", "dstport", "4789"],
};

/** Whether the kernel makes links of a kind (`vlan`, `ipvlan`, `dummy`, …), tried in a namespace that ends at once. */
export function lacksLinkKind(kind: string): Lack {
  const add = ["ip", "link", "add", "link", "lower", "name", "probe", "type", kind, ...(LINK_ARGUMENTS[kind] ?? [])];
  const script = `ip link add lower type veth peer name other && ${add.join(" ")}`;
  const { exitCode, stderr } = Bun.spawnSync(["unshare", "--net", "sh", "-c", script]);
  return exitCode === 0 ? undefined : `no links of kind ${kind}: ${stderr.toString().trim()}`;
}
