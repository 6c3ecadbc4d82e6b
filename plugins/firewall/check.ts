import type { AttachmentRequest } from "../../src/cni/types.ts";
import { formatIp } from "../../src/ip/index.ts";
import { checkFailed } from "../../src/plugin/check.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { firewalldFor } from "./add.ts";
import { checkAdmitted } from "./admitted.ts";
import type { FirewallConf } from "./config.ts";
import { hasSource } from "./firewalld.ts";
import { memberOf } from "./member-of.ts";

/** CHECK: records, shared rules, the rules in others' chains and firewalld's zone are as ADD left them. */
export async function check(req: AttachmentRequest<FirewallConf>, { host }: PluginContext): Promise<void> {
  const member = await memberOf(host, req);
  if (member.addresses.length === 0) return;
  await checkAdmitted(host, member);
  if (!(await firewalldFor(host, req.conf))) return;
  const { zone } = req.conf;
  for (const { ip } of member.addresses)
    if (!(await hasSource(host, zone, ip)))
      throw checkFailed(
        `${formatIp(ip)} is no source of firewalld's zone ${JSON.stringify(zone)}`,
        'a reload of firewalld forgets it; "tsnet repair" puts it back',
      );
}
