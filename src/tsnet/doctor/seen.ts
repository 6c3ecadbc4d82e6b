import { CniError } from "../../cni/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { OverlayConf } from "../../plugin/overlay/config.ts";
import { lookAtOverlay } from "../../plugin/overlay/look.ts";
import { planOverlay } from "../../plugin/overlay/plan.ts";
import { findUnderlay, roomWithin } from "../../plugin/overlay/underlay.ts";
import { deviceName } from "../../plugin/overlay/vtep.ts";
import type { Census } from "../census.ts";
import { deadAttachments, type GcOptions, type Leftover, leftovers } from "../gc/find.ts";
import { overlaysOf } from "../overlay/overlays.ts";
import type { Surroundings } from "../surroundings.ts";
import { about, type FaultId, type Finding } from "./finding.ts";

const FAULT: Readonly<Record<Leftover["kind"], FaultId>> = {
  attachment: "attachment-gone",
  link: "leaked-link",
  port: "leaked-rule",
  masquerading: "leaked-rule",
  lease: "lease-without-attachment",
  name: "leaked-namespace",
};

const SENTENCE: Readonly<Record<Leftover["kind"], (what: string) => string>> = {
  attachment: (what) => `a runtime remembers the attachment ${what}, which is gone`,
  link: (what) => `the link ${what} leads to no container and nobody remembers it`,
  port: (what) => `the published port ${what} leads to an address that is nowhere`,
  masquerading: (what) => `masquerading ${what} was left behind`,
  lease: (what) => `the address ${what} is leased, and its holder is gone`,
  name: (what) => `the name ${what} leads to no namespace`,
};

/** What `tsnet gc` would remove; nothing where it cannot be told who is there. */
export async function leftBehind(
  s: Surroundings,
  host: Kernel,
  census: Census,
  options: GcOptions,
): Promise<Finding[]> {
  if (census.blind !== undefined) return [];
  const dead = census.attachments.filter((attachment) => !census.isStanding(attachment));
  const found = [...deadAttachments(s, census, options), ...(await leftovers(s, host, census, dead, options))];
  return found.map(({ kind, what, why }) => ({
    fault: FAULT[kind],
    sentence: SENTENCE[kind](what),
    evidence: [why],
    remedy: "tsnet gc --yes removes it",
    scopes: [],
  }));
}

/** Overlays whose device or entries are not as their config has them; one that nothing was attached to yet has none. */
export async function overlayFaults(s: Surroundings, host: Kernel, options: GcOptions, used: ReadonlySet<string>) {
  const found: Finding[] = [];
  for (const overlay of overlaysInUse(s, options, used)) {
    const scopes = [about.network(overlay.network)];
    let conf: OverlayConf;
    try {
      conf = overlay.conf();
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      found.push(unusable(overlay.network, error, scopes));
      continue;
    }
    found.push(...(await tooLarge(host, overlay.network, conf)));
    try {
      const plan = await planOverlay({ host, files: s.native, cwd: "/" }, conf);
      const view = await lookAtOverlay(host, plan);
      const remedy = `tsnet overlay sync ${overlay.network}`;
      if (view.deviceDifferences.length > 0)
        found.push({
          fault: "vxlan-device",
          sentence: `the VXLAN link ${plan.device} of network ${overlay.network} is not as its config has it: ${view.deviceDifferences.join(", ")}`,
          evidence: [`VNI ${plan.vni}, UDP port ${plan.port}, MTU ${plan.mtu} are configured`],
          remedy,
          scopes,
          follows: ["mtu-too-large"],
        });
      for (const { text, wanted } of view.changes) {
        if (!wanted) continue;
        const kind = text.split(" ")[1];
        const what = kind === "fdb" ? "forwarding entry" : kind === "neigh" ? "neighbour entry" : "route";
        found.push({
          fault: kind === "fdb" ? "vxlan-fdb" : kind === "neigh" ? "vxlan-neigh" : "vxlan-route",
          sentence: `${plan.device} has ${text.startsWith("~") ? "a wrong" : "no"} ${what} for the host ${wanted.fdb.dst}, so network ${overlay.network} does not reach its containers`,
          evidence: [`${text.startsWith("~") ? "should be" : "missing"}: ${text.slice(2)}`],
          remedy,
          scopes,
          follows: ["vxlan-device"],
        });
      }
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      found.push(unusable(overlay.network, error, scopes));
    }
  }
  return found;
}

/** Its containers go on with what stands, and the next ADD fails. */
const unusable = (network: string, { message, details }: CniError, scopes: readonly string[]): Finding => ({
  fault: "vxlan-device",
  sentence: `the overlay of network ${network} cannot be kept as its config has it: ${message}`,
  evidence: details === "" ? [] : [details],
  remedy: `put the config or the underlay right, then tsnet overlay sync ${network}`,
  scopes,
  follows: ["mtu-too-large"],
});

/** The VXLAN link takes more than the link below it has room for: what is larger never leaves. */
async function tooLarge(host: Kernel, network: string, conf: OverlayConf): Promise<Finding[]> {
  try {
    const [peer] = conf.peers;
    const underlay = await findUnderlay(host, conf, conf.local?.family ?? peer?.address.family);
    const device = await host.link.get(deviceName(conf.vni));
    const room = roomWithin(underlay);
    if (!device || device.mtu <= room) return [];
    return [
      {
        fault: "mtu-too-large",
        sentence: `${device.name} of network ${network} takes packets of ${device.mtu} bytes, and ${underlay.link.name} below it has room for ${room}`,
        evidence: [
          `MTU of ${device.name}: ${device.mtu}`,
          `MTU of ${underlay.link.name}: ${underlay.link.mtu}, VXLAN takes ${underlay.link.mtu - room} of it`,
        ],
        remedy: `a larger MTU on ${underlay.link.name}; or tsnet overlay sync ${network}, and start its containers anew for the smaller one`,
        scopes: [about.network(network)],
      },
    ];
  } catch (error) {
    // That there is no underlay is told by who makes the plan.
    if (!(error instanceof CniError)) throw error;
    return [];
  }
}

/** Those of the networks that have attachments. */
export function overlaysInUse(s: Surroundings, options: GcOptions, used: ReadonlySet<string>) {
  try {
    return overlaysOf(s, undefined, options).filter(({ network }) => used.has(network));
  } catch (error) {
    if (error instanceof CniError) return [];
    throw error;
  }
}
