import { DEFAULT_DETACH_KEYS, parseDetachKeys } from "../client/detach-keys.ts";
import { MonitorClient } from "../client/monitor.ts";
import { outputTo, requireTerminal, tie } from "../client/streams.ts";
import { containerCgroups } from "../container/cgroups.ts";
import { finishIfFree } from "../container/finish.ts";
import { conditionOf } from "../container/state.ts";
import { findRecord } from "../container/store.ts";
import { EXIT, Failure } from "../failure.ts";
import { request } from "../helper/frames.ts";
import { FILES } from "../helper/records.ts";
import { single, toggle } from "../options/option.ts";
import { word } from "../options/word.ts";
import { runFolder } from "../store/places.ts";
import { ready } from "./ready.ts";
import { statusOf } from "./run.ts";

const TERMINAL = "netns-tests/tsbox/terminal.test.ts";
const LIFE = "netns-tests/tsbox/options-life.test.ts";
const OPTIONS = {
  detachKeys: single(
    { long: "detach-keys", metavar: "KEYS", help: "the keys that leave it running: ctrl-p,ctrl-q", proof: TERMINAL },
    parseDetachKeys,
  ),
  noStdin: toggle({ long: "no-stdin", help: "do not pass standard input on", proof: LIFE }),
  sigProxy: toggle({ long: "sig-proxy", help: "pass signals on; true unless told otherwise", proof: LIFE }, true),
};

export const attach = word({
  name: "attach",
  usage: "CONTAINER",
  help: "Ties this terminal to a running container: its output from now on, and what is typed.",
  options: OPTIONS,
  operands: { min: 1, max: 1 },
  async run({ detachKeys, noStdin, sigProxy }, [operand = ""], s) {
    await ready(s);
    const { id, name, tty, stdin } = findRecord(s.native, s.places, operand);
    if (conditionOf(s, id).kind !== "alive")
      throw new Failure(`container ${name} is not running`, `tsbox start ${name}`);
    if (containerCgroups().open(id).frozen) throw new Failure(`container ${name} is paused`, `tsbox unpause ${name}`);
    const passes = stdin && !noStdin;
    requireTerminal(s, { tty, stdin: passes });
    const output = outputTo(s);
    const client = await MonitorClient.connect(`${runFolder(s.places, id)}/${FILES.socket}`, output);
    if (client === undefined) throw new Failure(`the monitor of container ${name} does not answer`, "see tsbox ps -a");
    await client.must(request.attach({ stdin: passes, output: true, lossless: true }), "attach");
    const ending = await tie(s, client, {
      stdin: passes,
      tty,
      detachKeys: detachKeys ?? DEFAULT_DETACH_KEYS,
      proxySignals: sigProxy,
      output,
      whenUnread: "leave",
    });
    client.close();
    if (ending.kind === "detached") return EXIT.done;
    if (ending.kind === "unread") return statusOf(ending);
    await finishIfFree(s, id);
    return statusOf(ending);
  },
});
