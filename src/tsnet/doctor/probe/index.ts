import { about, type Doubt, type Finding } from "../finding.ts";
import type { Attached } from "../picture.ts";
import { probeContainer } from "./container.ts";
import { probeGateways, probeOverlays } from "./on-host.ts";
import type { Notes, ProbeRequest } from "./request.ts";
import { narrowFindings, serverFindings } from "./say.ts";

/** Containers probed at once; each takes a few threads that only wait. */
const AT_ONCE = 16;
/** For everything, however many there are and however silent. */
const BUDGET_MS = 60_000;

/** What only packets tell: whether names resolve, whether large packets arrive beyond this host, who else has an address. */
export async function probe(request: ProbeRequest): Promise<{ findings: Finding[]; doubts: Doubt[] }> {
  const notes: Notes = { asked: [], narrow: [], findings: [], doubts: [], ways: new Set() };
  const { attachments } = request;
  const groups = Map.groupBy(attachments, ({ sandbox }) => sandbox.namespace.identity);
  const work = [
    ...probeGateways(request, notes),
    ...probeOverlays(request, notes),
    ...[...groups.values()].map((group) => () => probeContainer(request, notes, group as [Attached, ...Attached[]])),
  ];
  const until = performance.now() + BUDGET_MS;
  const queue = work.values();
  let late = 0;
  const worker = async (): Promise<void> => {
    for (const task of queue)
      if (performance.now() < until) await task();
      else late++;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (late > 0)
    notes.doubts.push({
      sentence: `what ${late} of ${work.length} containers, gateways and overlays would have answered`,
      evidence: [`${BUDGET_MS / 1000} s were up; with a network or a container only that is probed`],
      scopes: attachments.map(({ cached }) => about.attachment(cached)),
    });
  return {
    findings: [...notes.findings, ...narrowFindings(notes.narrow), ...serverFindings(notes.asked)],
    doubts: notes.doubts,
  };
}
