import { CNI_CODE } from "../../src/cni/errors.ts";
import type { AttachmentRequest, CniResult } from "../../src/cni/types.ts";
import type { Ip } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { type Transaction, transaction } from "../../src/plugin/steps.ts";
import { admit } from "./admit.ts";
import type { FirewallConf } from "./config.ts";
import { dismiss } from "./dismiss.ts";
import { addSource, firewalldRuns, notRunning, removeSource } from "./firewalld.ts";
import { legacyHint } from "./legacy.ts";
import { memberOf, requirePrevResult } from "./member-of.ts";

/** ADD: the container's packets pass the host's firewall, as its policy says. The result is the previous plugin's. */
export function add(req: AttachmentRequest<FirewallConf>, { host, note }: PluginContext): Promise<CniResult> {
  return transaction(async (tx) => {
    const previous = requirePrevResult(req);
    const member = await tx.step("look at the container's way", () => memberOf(host, req));
    if (member.addresses.length === 0) {
      note(`"${req.ifName}" has no address; nothing is let through`);
      return previous;
    }
    const firewalld = await tx.step("look for firewalld", () => firewalldFor(host, req.conf));
    let wasThere = false;
    await tx.step(
      "let packets through",
      async () => {
        wasThere = await admit(host, member);
      },
      async () => {
        // Called again for an attachment that stands: it goes on standing.
        if (!wasThere) await dismiss(host, member.attachment, member.mark, previous);
      },
    );
    if (firewalld) for (const { ip } of member.addresses) await addToZone(tx, host, req.conf.zone, ip);
    const hint = await tx.step("look for legacy iptables", () => legacyHint(host, member));
    if (hint !== undefined) note(hint);
    return previous;
  });
}

/** Whether to tell firewalld. CniError 100 where the config insists on it and it does not run. */
export async function firewalldFor(host: Kernel, conf: FirewallConf): Promise<boolean> {
  const runs = await firewalldRuns(host, conf.needsFirewalld);
  if (conf.needsFirewalld && !runs) throw notRunning(CNI_CODE.OPERATION_FAILED);
  return runs;
}

async function addToZone(tx: Transaction, host: Kernel, zone: string, ip: Ip): Promise<void> {
  let isNew = false;
  await tx.step(
    "tell firewalld",
    async () => {
      isNew = await addSource(host, zone, ip);
    },
    async () => {
      if (isNew) await removeSource(host, zone, ip);
    },
  );
}
