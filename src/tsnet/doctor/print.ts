import type { Surroundings } from "../surroundings.ts";
import { styled } from "../terminal.ts";
import { count, indented, jsonLine, printable } from "../text.ts";
import type { Doubt, Finding, Told } from "./finding.ts";

/** What was done about a finding. */
export interface Mended {
  readonly finding: Finding;
  /** `undefined`: done. */
  readonly problem: string | undefined;
}

export interface Report {
  readonly told: readonly Told[];
  readonly doubts: readonly Doubt[];
  readonly mended: readonly Mended[];
  /** How many attachments were looked at. */
  readonly attachments: number;
}

const findingJson = ({ fault, sentence, evidence, remedy, fix }: Finding) => ({
  fault,
  sentence,
  evidence,
  remedy,
  fixable: fix !== undefined,
});

export const reportJson = ({ told, doubts, mended, attachments }: Report): string =>
  jsonLine({
    healthy: told.length === 0,
    attachments,
    faults: told.map(({ consequences, ...finding }) => ({
      ...findingJson(finding),
      consequences: consequences.map(findingJson),
    })),
    cannot_tell: doubts.map(({ sentence, evidence }) => ({ sentence, evidence })),
    fixed: mended.map(({ finding, problem }) => ({ fault: finding.fault, sentence: finding.sentence, problem })),
  });

/** A fault each: its sentence, beneath it evidence, remedy and what follows from it. */
export function reportText(
  { told, doubts, mended, attachments }: Report,
  { terminal }: Pick<Surroundings, "terminal">,
): string {
  const faults = told.map(({ fault, sentence, evidence, remedy, consequences }) => {
    const head = `${styled(terminal, "bad", printable(fault))}: ${styled(terminal, "bold", printable(sentence))}`;
    const lines = [
      ...evidence.map((text) => `seen: ${text}`),
      `remedy: ${remedy}`,
      ...consequences.map((c) => `so also: ${c.fault}: ${c.sentence}`),
    ];
    return `${head}\n${indented(lines.map(printable).join("\n"))}`;
  });
  const unclear = doubts.map(
    ({ sentence, evidence }) => `cannot tell: ${printable(sentence)}\n${indented(evidence.map(printable).join("\n"))}`,
  );
  const done = mended.map(({ finding, problem }) =>
    printable(
      `${problem === undefined ? "fixed" : "not fixed"}: ${finding.sentence}${problem === undefined ? "" : `: ${problem}`}`,
    ),
  );
  const end =
    told.length === 0
      ? `no fault found; ${count(attachments, "attachment")} looked at`
      : `${count(told.length, "fault")} found`;
  return [...faults, ...unclear, ...done.map((line) => `${line}\n`), `${end}\n`].join("");
}
