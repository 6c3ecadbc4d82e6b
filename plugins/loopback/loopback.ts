import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { AttachmentRequest, CniIp, CniResult } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { enterIfThere } from "../../src/plugin/attachment-links.ts";
import { checkFailed } from "../../src/plugin/check.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { transaction } from "../../src/plugin/steps.ts";

const NAME = "lo";

async function loopbackOf(sandbox: Kernel): Promise<Link> {
  const link = await sandbox.link.get(NAME);
  if (link) return link;
  throw new CniError(
    CNI_CODE.OPERATION_FAILED,
    `the container has no link "${NAME}"`,
    "each network namespace is born with one",
  );
}

/** ADD: `lo` up, whatever CNI_IFNAME says. With a prevResult, that is the result. */
export function add(req: AttachmentRequest, { host }: PluginContext): Promise<CniResult> {
  return transaction(async (tx) => {
    const sandbox = await tx.hold("open sandbox", () => host.enter(req.netns));
    const lo = await loopbackOf(sandbox);
    await tx.step(
      "set lo up",
      () => sandbox.link.set(lo.index, { up: true }),
      () => sandbox.link.set(lo.index, { up: lo.up }),
    );
    const ips = await tx.step("read its addresses", () => loopbackAddresses(sandbox, lo));
    return (
      req.conf.prevResult ?? {
        interfaces: [{ name: NAME, mac: "00:00:00:00:00:00", sandbox: req.netns }],
        ips,
      }
    );
  });
}

/** The first address of each family; the kernel gives them when the link goes up. */
async function loopbackAddresses(sandbox: Kernel, lo: Link): Promise<CniIp[]> {
  const addresses = await sandbox.addr.list(lo.index);
  const foreign = addresses.find((a) => !isLoopback(a.address));
  if (foreign)
    throw new CniError(
      CNI_CODE.OPERATION_FAILED,
      `"${NAME}" in the container has an address that is not loopback: ${foreign.address}/${foreign.prefixLen}`,
      "remove it from the container's configuration; other addresses belong on other interfaces",
    );
  const first = ([4, 6] as const).flatMap((family) => addresses.find((a) => a.family === family) ?? []);
  return first.map((a) => ({ address: `${a.address}/${a.prefixLen}`, interface: 0 }));
}

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";

/**
 * DEL: `lo` down; nothing to do where the namespace is gone. By way of a process's number (`/proc/PID/ns/net`) nothing is
 * touched either: the number may be another container's by now, and `lo` bears no sign of whose it is.
 */
export async function del(req: AttachmentRequest, { host }: PluginContext): Promise<void> {
  if (req.netns === "" || req.netns.startsWith("/proc/")) return;
  await using sandbox = await enterIfThere(host, req.netns);
  if (!sandbox) return;
  const lo = await loopbackOf(sandbox);
  await sandbox.link.set(lo.index, { up: false });
}

export async function check(req: AttachmentRequest, { host }: PluginContext): Promise<void> {
  await using sandbox = await host.enter(req.netns);
  const lo = await loopbackOf(sandbox);
  if (!lo.up) throw checkFailed(`"${NAME}" in the container is down`);
  if (!(await sandbox.addr.list(lo.index)).some((a) => isLoopback(a.address)))
    throw checkFailed(`"${NAME}" in the container has no loopback address`);
}
