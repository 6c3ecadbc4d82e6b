import { printable, table } from "../../cli/text.ts";
import { containerCgroups } from "../container/cgroups.ts";
import { connectToRunning } from "../container/stop.ts";
import { findRecord } from "../container/store.ts";
import { EXIT } from "../failure.ts";
import { word } from "../options/word.ts";
import { readText } from "../store/files.ts";
import type { Surroundings } from "../surroundings.ts";
import { ready } from "./ready.ts";

/** USER_HZ of every x86-64 kernel. */
const TICKS_PER_SECOND = 100;

export const top = word({
  name: "top",
  usage: "CONTAINER",
  help: "Lists a running container's processes, with the numbers they have on the host.",
  options: {},
  operands: { min: 1, max: 1 },
  async run(_values, [operand = ""], s) {
    await ready(s);
    const record = findRecord(s.native, s.places, operand);
    (await connectToRunning(s, record)).close();
    const rows = containerCgroups()
      .open(record.id)
      .processes()
      .sort((a, b) => a - b)
      .map((pid) => processRow(s, pid))
      .filter((row) => row !== undefined);
    s.out(table(["UID", "PID", "PPID", "STATE", "TIME", "CMD"], rows));
    return EXIT.done;
  },
});

/** proc_pid_stat(5); `undefined` when the process has ended. */
function processRow(s: Surroundings, pid: number): string[] | undefined {
  try {
    const stat = readText(s.native, `/proc/${pid}/stat`, 65_536) ?? "";
    const status = readText(s.native, `/proc/${pid}/status`, 65_536) ?? "";
    const command = readText(s.native, `/proc/${pid}/cmdline`, 4 * 1024 * 1024) ?? "";
    const open = stat.indexOf("(");
    const close = stat.lastIndexOf(")");
    const fields = stat.slice(close + 2).split(" ");
    if (open < 0 || fields.length < 20) return undefined;
    const seconds = Math.floor((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND);
    const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1] ?? "?";
    const shown = command.replaceAll("\0", " ").trim() || `[${stat.slice(open + 1, close)}]`;
    return [uid, String(pid), fields[1] ?? "?", fields[0] ?? "?", timeText(seconds), printable(shown)];
  } catch {
    return undefined;
  }
}

const timeText = (seconds: number): string =>
  [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
