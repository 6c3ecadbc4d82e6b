import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { StatusRequest } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { errnoCode } from "../../src/plugin/errors.ts";
import { requireUsable } from "../../src/plugin/nat/unusable.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { ISOLATION_PART } from "./bridged.ts";
import type { FirewallConf } from "./config.ts";
import { firewalldRuns, notRunning } from "./firewalld.ts";
import { type Obstacle, obstaclesFor } from "./obstacles.ts";
import { chainsAtForward, type Passage } from "./passage.ts";
import { POLICY_PART, passPart } from "./table.ts";

/** STATUS: code 50 for what no retry heals: a kernel that cannot, firewalld absent, a foreign chain that would drop. */
export async function status({ conf }: StatusRequest<FirewallConf>, { host, note }: PluginContext): Promise<void> {
  await requireUsable(host, passPart(conf.mark));
  if (conf.policy !== "open") await requireUsable(host, POLICY_PART);
  if (conf.policy === "isolated") await requireUsable(host, ISOLATION_PART);
  if (conf.needsFirewalld && !(await firewalldRuns(host, true))) throw notRunning(CNI_CODE.PLUGIN_NOT_AVAILABLE);
  const passage = (family: 4 | 6): Passage => ({ family, mark: conf.mark, adminChain: conf.adminChain });
  const hooked = await chainsAtForward(host.nft, [passage(4)]);
  const [obstacle] = await obstaclesFor(host.nft, [passage(4)], hooked);
  if (obstacle) throw dropping(obstacle);
  // Which families a network has only its requests say: where the host forwards no IPv6, it may well have none.
  const [ofIpv6] = await obstaclesFor(host.nft, [passage(6)], hooked);
  if (ofIpv6 === undefined) return;
  if (await forwardsIpv6(host)) throw dropping(ofIpv6);
  note(`${wouldDrop(ofIpv6)}; it matters to networks with IPv6 alone: ${ofIpv6.remedy}`);
}

const wouldDrop = ({ name }: Obstacle): string =>
  `nft chain "${name}" would drop containers' packets: policy drop at the forward hook`;

const dropping = (obstacle: Obstacle): CniError =>
  new CniError(
    CNI_CODE.PLUGIN_NOT_AVAILABLE,
    wouldDrop(obstacle),
    `let packets with our mark pass there: ${obstacle.remedy}`,
  );

async function forwardsIpv6({ sysctl }: Kernel): Promise<boolean> {
  try {
    return (await sysctl.get("net/ipv6/conf/all/forwarding")) === "1";
  } catch (error) {
    // A kernel without IPv6.
    if (errnoCode(error) === "ENOENT") return false;
    throw error;
  }
}
