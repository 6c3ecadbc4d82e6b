import type { Subject } from "../subject.ts";
import { bandwidths } from "./bandwidth.ts";
import { bridges } from "./bridge.ts";
import { firewalls } from "./firewall.ts";
import { hostLocal, staticAddresses } from "./ipam.ts";
import { loopback } from "./loopback.ts";
import { macvlans } from "./macvlan.ts";
import { portmaps } from "./portmap.ts";
import { ptps } from "./ptp.ts";
import { tunings } from "./tuning.ts";
import { vxlan } from "./vxlan.ts";

/** Everything the suite proves. A plugin joins by its line here. */
export const SUBJECTS: readonly Subject[] = [
  ...bridges,
  ...ptps,
  ...macvlans,
  ...portmaps,
  ...firewalls,
  ...bandwidths,
  ...tunings,
  vxlan,
  loopback,
  hostLocal,
  staticAddresses,
];

/** It gives containers links or rules: there is something to leave behind, and to leave alone. */
export const leavesTraces = ({ stays, type }: Subject): boolean => stays.length > 0 || type === "macvlan";

/** The one of this name; a test that picks one fails loudly when it is renamed. */
export function subject(name: string): Subject {
  const found = SUBJECTS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no subject "${name}"`);
  return found;
}
