import { CniError } from "../../cni/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { lookAtOverlay } from "../../plugin/overlay/look.ts";
import { planOverlay } from "../../plugin/overlay/plan.ts";
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
    try {
      const plan = await planOverlay({ host, files: s.native, cwd: "/" }, overlay.conf());
      const view = await lookAtOverlay(host, plan);
      const scopes = [about.network(overlay.network)];
      const remedy = `tsnet overlay sync ${overlay.network}`;
      if (view.deviceDifferences.length > 0)
        found.push({
          fault: "vxlan-device",
          sentence: `the VXLAN link ${plan.device} of network ${overlay.network} is not as its config has it: ${view.deviceDifferences.join(", ")}`,
          evidence: [`VNI ${plan.vni}, UDP port ${plan.port}, MTU ${plan.mtu} are configured`],
          remedy,
          scopes,
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
      // A config that does not parse is named by itself.
      if (!(error instanceof CniError)) throw error;
    }
  }
  return found;
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
