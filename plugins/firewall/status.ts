import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { StatusRequest } from "../../src/cni/types.ts";
import { requireUsable } from "../../src/plugin/nat/unusable.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { ISOLATION_PART } from "./bridged.ts";
import type { FirewallConf } from "./config.ts";
import { firewalldRuns, notRunning } from "./firewalld.ts";
import { obstacles } from "./passage.ts";
import { FIREWALL_PART } from "./table.ts";

/** STATUS: code 50 for what no retry heals: a kernel that cannot, firewalld absent, a foreign chain that would drop. */
export async function status({ conf }: StatusRequest<FirewallConf>, { host }: PluginContext): Promise<void> {
  await requireUsable(host, FIREWALL_PART);
  if (conf.policy === "isolated") await requireUsable(host, ISOLATION_PART);
  if (conf.needsFirewalld && !(await firewalldRuns(host))) throw notRunning(CNI_CODE.PLUGIN_NOT_AVAILABLE);
  // Which families a network has only its requests say: what drops IPv6 alone is for ADD to find.
  const passage = { family: 4, mark: conf.mark, adminChain: conf.adminChain } as const;
  const [obstacle] = await obstacles(host.nft, [passage], await host.nft.baseChains("forward"));
  if (obstacle)
    throw new CniError(
      CNI_CODE.PLUGIN_NOT_AVAILABLE,
      `nft chain "${obstacle.name}" would drop containers' packets: policy drop at the forward hook`,
      `let packets with our mark pass there: ${obstacle.remedy}`,
    );
}
