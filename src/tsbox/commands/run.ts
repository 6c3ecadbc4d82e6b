import { DEFAULT_DETACH_KEYS } from "../client/detach-keys.ts";
import { type Ending, outputTo, requireTerminal, terminalSize, tie } from "../client/streams.ts";
import { finishIfFree } from "../container/finish.ts";
import { RUN_OPTIONS } from "../container/options.ts";
import { startContainer } from "../container/start.ts";
import { dropContainer } from "../container/store.ts";
import { EXIT, Failure } from "../failure.ts";
import { asFailure } from "../known-errors.ts";
import { word } from "../options/word.ts";
import { CLOSED_STATUS } from "../output.ts";
import { createContainer } from "./create.ts";
import { ready } from "./ready.ts";

export const run = word({
  name: "run",
  usage: "IMAGE [COMMAND] [ARG...]",
  help: `Makes a container of an image and starts it. Exit status: the program's own, 128 + N when signal N ended it; 125 when the
container could not be started, 126 when the program cannot be executed, 127 when it is not there.`,
  options: RUN_OPTIONS,
  operands: { min: 1, max: Number.POSITIVE_INFINITY },
  stopAtOperand: true,
  async run(values, operands, s) {
    try {
      requireTerminal(s, { tty: values.tty, stdin: values.interactive && !values.detach });
      await ready(s);
      const { record, held } = await createContainer(values, operands, s);
      const output = outputTo(s);
      let client: Awaited<ReturnType<typeof startContainer>>;
      try {
        client = await startContainer(s, record, {
          listener: values.detach ? undefined : output,
          stdin: values.interactive && !values.detach,
          size: record.tty ? terminalSize(s) : undefined,
          unattended: values.detach,
        });
      } catch (error) {
        // With or without --rm: the same command line again is to find its name free.
        dropContainer(s.native, s.places, record.id, record.name);
        throw error;
      } finally {
        held.release();
      }
      if (values.detach) {
        client.close();
        s.out(`${record.id}\n`);
        return EXIT.done;
      }
      const ending = await tie(s, client, {
        stdin: values.interactive,
        tty: record.tty,
        detachKeys: DEFAULT_DETACH_KEYS,
        proxySignals: true,
        output,
        whenUnread: "stop",
      });
      client.close();
      if (ending.kind !== "detached") await finishIfFree(s, record.id);
      return statusOf(ending);
    } catch (error) {
      const known = asFailure(error);
      if (known === undefined || known.status >= EXIT.launcher) throw error;
      throw new Failure(known.message, known.remedy, { status: EXIT.launcher, cause: error });
    }
  },
});

export function statusOf(ending: Ending): number {
  if (ending.kind === "exit") return ending.exit.exitCode;
  if (ending.kind === "unread") return CLOSED_STATUS;
  return ending.kind === "detached" ? EXIT.done : EXIT.lost;
}
