import { DEFAULT_DETACH_KEYS } from "../client/detach-keys.ts";
import { outputTo, requireTerminal, terminalSize, tie } from "../client/streams.ts";
import { finish, finishIfFree } from "../container/finish.ts";
import { startContainer } from "../container/start.ts";
import { conditionOf } from "../container/state.ts";
import { findRecord, loadRecord, lockContainer } from "../container/store.ts";
import { EXIT, Failure } from "../failure.ts";
import { toggle } from "../options/option.ts";
import { word } from "../options/word.ts";
import type { Surroundings } from "../surroundings.ts";
import { each } from "./each.ts";
import { ready } from "./ready.ts";
import { statusOf } from "./run.ts";

const OPTIONS = {
  interactive: toggle({
    long: "interactive",
    short: "i",
    help: "tie this terminal to it, as run does",
    proof: "netns-tests/tsbox/options-life.test.ts",
  }),
};

export const start = word({
  name: "start",
  usage: "CONTAINER...",
  help: "Starts containers that were made or have ended. One that runs already is left alone.",
  options: OPTIONS,
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  async run({ interactive }, operands, s) {
    await ready(s);
    if (!interactive) return each(s, operands, (operand) => startUnattended(s, operand));
    const [operand = "", second] = operands;
    if (second !== undefined) throw new Failure("start -i takes one container", "start the others without -i");
    return startTied(s, operand);
  },
});

/** Starts a container that nobody waits for; one that runs already is fine. */
export async function startUnattended(s: Surroundings, shown: string): Promise<void> {
  await startLocked(s, shown, async (record) => {
    (await startContainer(s, record, { unattended: true, size: record.tty ? terminalSize(s) : undefined })).close();
  });
}

async function startTied(s: Surroundings, shown: string): Promise<number> {
  const { id, tty, stdin } = findRecord(s.native, s.places, shown);
  requireTerminal(s, { tty, stdin });
  const output = outputTo(s);
  const client = await startLocked(s, shown, (record) =>
    startContainer(s, record, {
      unattended: false,
      listener: output,
      stdin,
      size: tty ? terminalSize(s) : undefined,
    }),
  );
  if (client === undefined) throw new Failure(`container ${shown} runs already`, `tsbox attach ${shown}`);
  const ending = await tie(s, client, {
    stdin,
    tty,
    detachKeys: DEFAULT_DETACH_KEYS,
    proxySignals: true,
    output,
    whenUnread: "stop",
  });
  client.close();
  if (ending.kind === "detached") return EXIT.done;
  await finishIfFree(s, id);
  return statusOf(ending);
}

/** Runs `begin` with the lock of a container that does not run; `undefined` when it runs. */
async function startLocked<T>(
  s: Surroundings,
  shown: string,
  begin: (record: ReturnType<typeof findRecord>) => Promise<T>,
): Promise<T | undefined> {
  const { id } = findRecord(s.native, s.places, shown);
  const held = lockContainer(s.native, s.places, id, shown);
  try {
    const record = loadRecord(s.native, s.places, id);
    if (record === undefined) throw new Failure(`no such container: ${shown}`, "tsbox ps -a lists them");
    if (conditionOf(s, id).kind === "alive") return undefined;
    await finish(s, record);
    return await begin(record);
  } finally {
    held.release();
  }
}
