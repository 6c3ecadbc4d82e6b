import type { Fd } from "../../../native/addon.ts";
import type { CniResult } from "../../cni/types.ts";
import { Failure } from "../failure.ts";
import type { Surroundings } from "../surroundings.ts";
import type { NetworkAnswer, NetworkTask } from "./task.ts";

/** Plugins wait for their locks, which is bounded; this is for what nobody thinks of. */
const TIMEOUT_MS = 120_000;
const MAX_OUTPUT = 1024 * 1024;

/**
 * Has a task done by the plugins' engine, a process of its own, while this one goes on. A Failure says what the plugins said.
 * @param what a sentence's beginning: `cannot connect to the network`
 * @param held a lock that both this process and that one hold until they have ended: a task whose command was killed goes on
 */
export async function runTask(
  s: Surroundings,
  task: NetworkTask,
  { what, held }: { readonly what: string; readonly held: Fd | undefined },
): Promise<CniResult | undefined> {
  const program = `${s.ownFolder}/tsnet-cni`;
  const input = new TextEncoder().encode(JSON.stringify(task));
  const ran = await s.native.runAsync(program, [], ["TSNET_TASK=1"], "/", input, TIMEOUT_MS, MAX_OUTPUT, held);
  const decoder = new TextDecoder();
  if (ran.stderr.length > 0) s.err(decoder.decode(ran.stderr));
  const answer = answerOf(decoder.decode(ran.stdout));
  if (answer === undefined) {
    const how = ran.stopped ?? ran.signal ?? `exit status ${ran.exitCode}`;
    throw new Failure(`${what}: ${program} gave no answer (${how})`, "it has to be whole and stand beside tsnet-bun");
  }
  if (answer.ok) return answer.result;
  throw new Failure(`${what}: ${answer.message}`, answer.details);
}

function answerOf(text: string): NetworkAnswer | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
