import { DEFAULT_DETACH_KEYS } from "../client/detach-keys.ts";
import { MonitorClient } from "../client/monitor.ts";
import { outputTo, requireTerminal, terminalSize, tie } from "../client/streams.ts";
import { containerCgroups } from "../container/cgroups.ts";
import { refusal, runHelper } from "../container/helper.ts";
import type { ContainerRecord } from "../container/record.ts";
import { execConfig } from "../container/spec.ts";
import { conditionOf } from "../container/state.ts";
import { findRecord } from "../container/store.ts";
import { EXIT, Failure } from "../failure.ts";
import { encodeExec } from "../helper/encode.ts";
import { request } from "../helper/frames.ts";
import { FILES } from "../helper/records.ts";
import { newId } from "../names/id.ts";
import { toggle } from "../options/option.ts";
import { word } from "../options/word.ts";
import { runFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import { ready } from "./ready.ts";
import { statusOf } from "./run.ts";

const OPTIONS = {
  interactive: toggle({
    long: "interactive",
    short: "i",
    help: "pass standard input on",
    proof: "netns-tests/tsbox/exec.test.ts",
  }),
  tty: toggle({ long: "tty", short: "t", help: "give it a terminal", proof: "netns-tests/tsbox/terminal.test.ts" }),
};

export const exec = word({
  name: "exec",
  usage: "CONTAINER COMMAND [ARG...]",
  help: "Runs a program in a running container, with the container's own rights and limits. It is killed when tsbox is.",
  options: OPTIONS,
  operands: { min: 2, max: Number.POSITIVE_INFINITY },
  stopAtOperand: true,
  async run({ interactive, tty }, [operand = "", ...args], s) {
    requireTerminal(s, { tty, stdin: interactive });
    await ready(s);
    const record = findRecord(s.native, s.places, operand);
    mustRun(s, record);
    const eid = newId().slice(0, 12);
    const config = await execConfig(s, record, { args, tty: tty ? terminalSize(s) : undefined, stdin: interactive });
    runHelper(s, ["exec", runFolder(s.places, record.id), eid], encodeExec(config));
    const socket = `${runFolder(s.places, record.id)}/${FILES.exec}/${eid}/${FILES.socket}`;
    const output = outputTo(s);
    const client = await MonitorClient.connect(socket, output);
    if (client === undefined) throw new Failure("the monitor of the program does not answer");
    await client.must(request.attach({ stdin: interactive, output: true, lossless: true }), "attach");
    const answer = await client.request(request.start());
    if (answer.type === "error") {
      client.close();
      throw refusal(answer.text, answer.exitCode);
    }
    const ending = await tie(s, client, {
      stdin: interactive,
      tty,
      detachKeys: DEFAULT_DETACH_KEYS,
      proxySignals: true,
      output,
      // It ends with us.
      whenUnread: "leave",
    });
    client.close();
    return ending.kind === "lost" ? EXIT.lost : statusOf(ending);
  },
});

function mustRun(s: Surroundings, { id, name }: ContainerRecord): void {
  const condition = conditionOf(s, id);
  const runs = condition.kind === "alive" && condition.state.status === "running";
  if (!runs) throw new Failure(`container ${name} is not running`, `tsbox start ${name}`);
  if (containerCgroups().open(id).frozen) throw new Failure(`container ${name} is paused`, `tsbox unpause ${name}`);
}
