import { addresses } from "./faults/addresses.ts";
import { blindSpots } from "./faults/blind-spots.ts";
import { configs } from "./faults/configs.ts";
import { duplicates } from "./faults/duplicates.ts";
import { forwarding } from "./faults/forwarding.ts";
import { ipv6 } from "./faults/ipv6.ts";
import { leases } from "./faults/leases.ts";
import { conntrack, mtu } from "./faults/limits.ts";
import { links } from "./faults/links.ts";
import { paths } from "./faults/paths.ts";
import { bridgePorts } from "./faults/ports.ts";
import { published } from "./faults/published.ts";
import { defaultRoutes } from "./faults/routes.ts";
import { waysBack } from "./faults/ways-back.ts";
import type { Finding, Judgement } from "./finding.ts";
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
  waysBack,
  mtu,
  published,
  leases,
  configs,
  conntrack,
];

/** Says what is wrong with a host. Pure. */
export function judge(picture: Picture): Judgement {
  const walked = paths(picture);
  return {
    findings: [...FAULTS.flatMap((judgeOne) => judgeOne(picture)), ...walked.findings, ...picture.seen],
    doubts: [...blindSpots(picture), ...walked.doubts],
  };
}
