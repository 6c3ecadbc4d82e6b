import { addresses } from "./faults/addresses.ts";
import { duplicates } from "./faults/duplicates.ts";
import { forwarding } from "./faults/forwarding.ts";
import { ipv6 } from "./faults/ipv6.ts";
import { links } from "./faults/links.ts";
import { bridgePorts } from "./faults/ports.ts";
import { defaultRoutes } from "./faults/routes.ts";
import type { Doubt, Finding, Judgement } from "./finding.ts";
import type { Picture } from "./picture.ts";

/** Causes before what follows from them, so that a consequence stands beneath its first cause. */
const FAULTS: readonly ((picture: Picture) => Finding[])[] = [
  links,
  ipv6,
  forwarding,
  addresses,
  defaultRoutes,
  duplicates,
  bridgePorts,
];

/** Says what is wrong with a host. Pure. */
export function judge(picture: Picture): Judgement {
  const doubts: Doubt[] = [];
  return { findings: [...FAULTS.flatMap((judgeOne) => judgeOne(picture)), ...picture.seen], doubts };
}
