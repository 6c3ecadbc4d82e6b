import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNative } from "../../../../native/load.ts";
import type { Attachment } from "../cache.ts";
import type { Runtime } from "../host.ts";
import { nativeExec } from "../spawn.ts";

/** A folder of its own with plugins that are shell scripts, and a runtime that finds only these. */
export interface Place extends Disposable {
  readonly folder: string;
  readonly runtime: Runtime;
  readonly stderr: string[];
  readonly sleeps: number[];
  /** A plugin in `bin/`: what it does after noting its call; stdin is in `$stdin`. */
  plugin(name: string, script: string): string;
  /** A file below the folder. */
  write(path: string, text: string): string;
  /** The plugins' calls in order: command, plugin, and what they got on stdin. */
  calls(): { verb: string; plugin: string; env: Record<string, string>; conf: Record<string, unknown> }[];
}

const NOTE_CALL = `#!/bin/sh
stdin=$(cat)
{ printf '%s\\001%s\\001' "$CNI_COMMAND" "\${0##*/}"; env | grep ^CNI_; printf '\\001%s\\002' "$stdin"; } >> "$PLACE/calls"
`;

export function makePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "tsnet-cni-"));
  mkdirSync(join(folder, "bin"));
  const stderr: string[] = [];
  const sleeps: number[] = [];
  const native = loadNative();
  const runtime: Runtime = {
    cniPath: [join(folder, "bin")],
    cacheDir: join(folder, "cache"),
    host: {
      files: native,
      exec: nativeExec(native, "aside"),
      env: { PATH: process.env["PATH"], PLACE: folder },
      cwd: folder,
      forwardStderr: (text) => stderr.push(text),
      sleep: async (milliseconds) => {
        sleeps.push(milliseconds);
      },
    },
  };
  const write = (path: string, text: string): string => {
    const full = join(folder, path);
    mkdirSync(join(full, ".."), { recursive: true });
    writeFileSync(full, text);
    return full;
  };
  return {
    folder,
    runtime,
    stderr,
    sleeps,
    write,
    plugin: (name, script) => {
      const path = write(`bin/${name}`, `${NOTE_CALL}${script}\n`);
      chmodSync(path, 0o755);
      return path;
    },
    calls: () => readCalls(join(folder, "calls")),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function readCalls(path: string): ReturnType<Place["calls"]> {
  const records = readFileSync(path, "utf8").split("\u0002").slice(0, -1);
  return records.map((record) => {
    const [verb = "", plugin = "", env = "", stdin = ""] = record.split("\u0001");
    const variables = env
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
    return { verb, plugin, env: Object.fromEntries(variables), conf: stdin === "" ? {} : JSON.parse(stdin) };
  });
}

export const ATTACHMENT: Attachment = {
  containerId: "c1",
  ifName: "eth0",
  netns: "/run/netns/blue",
  args: [
    ["IgnoreUnknown", "1"],
    ["K8S_POD_NAME", "pod"],
  ],
  capabilityArgs: { portMappings: [{ hostPort: 80 }], mac: "00:11:22:33:44:55" },
};
