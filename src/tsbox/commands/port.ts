import { UsageError } from "../../cli/usage-error.ts";
import { networkState } from "../container/network.ts";
import { conditionOf } from "../container/state.ts";
import { findRecord } from "../container/store.ts";
import { hostAddress } from "../container/summary.ts";
import { EXIT, Failure } from "../failure.ts";
import { word } from "../options/word.ts";
import { ready } from "./ready.ts";

export const port = word({
  name: "port",
  usage: "CONTAINER [PORT[/PROTOCOL]]",
  help: "Lists where a running container's ports are published.",
  options: {},
  operands: { min: 1, max: 2 },
  async run(_values, [operand = "", wanted], s) {
    await ready(s);
    const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(wanted ?? "1");
    if (!match) throw new UsageError(`${JSON.stringify(wanted)} is no port`, "need PORT or PORT/PROTOCOL");
    const { id, name } = findRecord(s.native, s.places, operand);
    const ports = conditionOf(s, id).kind === "alive" ? (networkState(s, id)?.ports ?? []) : [];
    const shown = ports.filter(
      ({ containerPort, protocol }) =>
        wanted === undefined || (containerPort === Number(match[1]) && protocol === (match[2] ?? "tcp")),
    );
    if (wanted !== undefined && shown.length === 0)
      throw new Failure(`port ${wanted} of container ${name} is not published`, `tsbox port ${name} lists what is`);
    for (const { containerPort, protocol, hostIp, hostPort } of shown) {
      const host = `${hostAddress(hostIp)}:${hostPort}\n`;
      s.out(wanted === undefined ? `${containerPort}/${protocol} -> ${host}` : host);
    }
    return EXIT.done;
  },
});
