import { CniError } from "../../../cni/errors.ts";
import { formatIp, parseIp } from "../../../ip/index.ts";
import { planOverlay } from "../../../plugin/overlay/plan.ts";
import { reachOf } from "../../overlay/reach.ts";
import { about } from "../finding.ts";
import { addressesOf, hasGateway } from "../picture.ts";
import { overlaysInUse } from "../seen.ts";
import { otherHolder } from "./holders.ts";
import type { Notes, ProbeRequest } from "./request.ts";
import { otherHolderFinding } from "./say.ts";

/** One task for each gateway address that the host has on a bridge: somebody else on that wire may have it too. */
export function probeGateways({ s, host, picture, attachments }: ProbeRequest, notes: Notes): (() => Promise<void>)[] {
  const macs = new Set((picture.host.links ?? []).map(({ mac }) => mac));
  const tasks = new Map<string, () => Promise<void>>();
  for (const a of attachments) {
    const { bridge } = a;
    if (!hasGateway(a) || !bridge?.up) continue;
    for (const { ip } of addressesOf(a)) {
      const gateway = ip.gateway === undefined ? undefined : parseIp(ip.gateway);
      const isThere = picture.host.addrs?.some((addr) => addr.link === bridge.index && addr.address === ip.gateway);
      if (!gateway || !isThere) continue;
      const scopes = [about.attachment(a.cached), about.link(picture.host.namespace.identity, bridge.index)];
      tasks.set(`${bridge.index} ${ip.gateway}`, async () => {
        const holder = await otherHolder(s.native, host.netns, bridge, gateway, macs);
        if (holder !== undefined)
          notes.findings.push(otherHolderFinding(formatIp(gateway), `the bridge ${bridge.name}`, holder, scopes));
      });
    }
  }
  return [...tasks.values()];
}

const TIMEOUT_MS = 300;

/** One task for each overlay: the peers' VTEPs are asked at the overlay's full size. One that is silent may be down, which is no fault of this host. */
export function probeOverlays({ s, host, attachments, options }: ProbeRequest, notes: Notes): (() => Promise<void>)[] {
  const used = new Set(attachments.map(({ cached }) => cached.network));
  return overlaysInUse(s, options, used).map((overlay) => async () => {
    try {
      const plan = await planOverlay({ host, files: s.native, cwd: "/" }, overlay.conf());
      await Promise.all(
        plan.remotes.map(async (remote) => {
          const wanted = Math.min(plan.mtu, remote.mtu ?? plan.mtu);
          const { ms, mtu } = await reachOf(host, remote, wanted, TIMEOUT_MS);
          if (ms === undefined || mtu === undefined || mtu >= wanted) return;
          const way = { target: `the host ${formatIp(remote.address)}`, mtu: wanted, arrives: mtu, ms };
          notes.narrow.push({ by: { overlay: overlay.network }, way });
        }),
      );
    } catch (error) {
      // A config that does not parse is named by itself.
      if (!(error instanceof CniError)) throw error;
    }
  });
}
