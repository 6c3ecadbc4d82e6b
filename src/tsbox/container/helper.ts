import type { Fd, RunResult } from "../../../native/addon.ts";
import { indented } from "../../cli/text.ts";
import { Failure } from "../failure.ts";
import { parseAnswer } from "../helper/records.ts";
import { isRoot, remedyForMessage } from "../remedies.ts";
import type { Surroundings } from "../surroundings.ts";

const TIMEOUT_MS = 60_000;
const MAX_ANSWER = 64 * 1024;

export type Started = Extract<ReturnType<typeof parseAnswer>, { ok: true }>;

/** Runs `tsbox-mon` (native/box/README.md) and gives its answer; a Failure in the kernel's words when it says no. */
export function runHelper(s: Surroundings, args: readonly string[], config: Uint8Array): Started {
  const path = pathOf(s);
  return answerOf(s, s.native.run(path, args, [], "/", config, TIMEOUT_MS, MAX_ANSWER));
}

/** The same on a thread, for what can be done meanwhile. It has `held` as long as it makes something. */
export async function runHelperAside(
  s: Surroundings,
  args: readonly string[],
  config: Uint8Array,
  held: Fd | undefined,
): Promise<Started> {
  const path = pathOf(s);
  return answerOf(s, await s.native.runAsync(path, args, [], "/", config, TIMEOUT_MS, MAX_ANSWER, held));
}

/** A refusal in the helper's words, with what to do. */
export const refusal = (message: string, status: number): Failure =>
  new Failure(message, remedyForMessage(message, isRoot()), { status });

const pathOf = ({ ownFolder }: Surroundings): string => `${ownFolder}/tsbox-mon`;

function answerOf(s: Surroundings, result: RunResult): Started {
  const text = new TextDecoder().decode(result.stdout).trim();
  if (text === "") {
    const how = result.stopped ?? result.signal ?? `exit status ${result.exitCode}`;
    throw new Failure(
      `the helper ${pathOf(s)} gave no answer (${how})`,
      new TextDecoder().decode(result.stderr).trim(),
      {
        status: 125,
      },
    );
  }
  const answer = parseAnswer(text);
  const notice = (warning: string): string =>
    `tsbox: warning: ${warning}\n${indented(remedyForMessage(warning, isRoot()))}`;
  for (const warning of answer.warnings) s.err(notice(warning));
  if (!answer.ok) throw refusal(answer.message, answer.exitCode);
  return answer;
}
