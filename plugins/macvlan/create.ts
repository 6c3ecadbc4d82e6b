import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import type { MacvlanConf } from "./config.ts";

/** Makes the link, down, in the sandbox, by one message. Equivalent: `ip link add link PARENT name NAME netns SANDBOX type macvlan mode MODE`. */
export async function createMacvlan(
  home: Kernel,
  sandbox: Kernel,
  parent: Link,
  conf: Pick<MacvlanConf, "mode" | "mtu" | "bcQueueLen">,
  { name, mac }: { name: string; mac: string | undefined },
): Promise<Link> {
  try {
    return await home.link.add({
      name,
      link: parent.index,
      netns: sandbox,
      address: mac,
      mtu: conf.mtu || undefined,
      info: { kind: "macvlan", data: { mode: conf.mode, bcQueueLen: conf.bcQueueLen || undefined } },
    });
  } catch (error) {
    throw isNetlinkError(error, "EBUSY", "EINVAL") ? ((await reasonOf(home, parent, conf, error)) ?? error) : error;
  }
}

/** What the kernel's answer means here; it gives no words with it. */
async function reasonOf(
  home: Kernel,
  parent: Link,
  { mode }: Pick<MacvlanConf, "mode">,
  cause: Error,
): Promise<CniError | undefined> {
  const options = { cause };
  if (isNetlinkError(cause, "EBUSY") && parent.master !== undefined) {
    const master = await home.link.get(parent.master);
    return new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `master "${parent.name}" is a port of "${master?.name ?? `#${parent.master}`}", and cannot carry a macvlan beside`,
      `${cause.message}; take it out (ip link set ${parent.name} nomaster), or name the other one as "master"`,
      options,
    );
  }
  if (isNetlinkError(cause, "EINVAL"))
    return new CniError(
      CNI_CODE.TRY_AGAIN_LATER,
      mode === "passthru"
        ? `master "${parent.name}" already carries another macvlan, and mode "passthru" wants it alone`
        : `master "${parent.name}" refuses a macvlan in mode "${mode}": it may carry one in mode "passthru", which shares it with none`,
      `${cause.message}; DEL the other attachment first, or give the network another master`,
      options,
    );
  return undefined;
}

/** Two links of one parent with one hardware address: the kernel says so when the second goes up. */
export async function explainTakenAddress<T>(mac: string, parent: Link, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isNetlinkError(error, "EADDRINUSE")) throw error;
    throw new CniError(
      CNI_CODE.TRY_AGAIN_LATER,
      `hardware address ${mac} is already in use on master "${parent.name}"`,
      `${error.message}; DEL the attachment that has it first, or ask for another address`,
      { cause: error },
    );
  }
}
