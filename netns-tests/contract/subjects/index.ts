import type { Subject } from "../subject.ts";
import { bandwidths } from "./bandwidth.ts";
import { bridges } from "./bridge.ts";
import { firewalls } from "./firewall.ts";
import { hostLocal, staticAddresses } from "./ipam.ts";
import { loopback } from "./loopback.ts";
import { portmaps } from "./portmap.ts";
import { vxlan } from "./vxlan.ts";

/** Everything the suite proves. A plugin joins by its line here. */
export const SUBJECTS: readonly Subject[] = [
  ...bridges,
  ...portmaps,
  ...firewalls,
  ...bandwidths,
  vxlan,
  loopback,
  hostLocal,
  staticAddresses,
];

/** The one of this name; a test that picks one fails loudly when it is renamed. */
export function subject(name: string): Subject {
  const found = SUBJECTS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no subject "${name}"`);
  return found;
}
