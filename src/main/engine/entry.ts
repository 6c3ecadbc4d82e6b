/**
 * The plugins as the small engine runs them: everything is evaluated when the engine is built, and a process begins with
 * `start`. The composition root of a plugin's process, as `src/main.ts` is that of `tsnet`.
 */
import "./globals.ts";
import { formatError } from "../../cni/answer.ts";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { runPlugin } from "../../cni/frame.ts";
import { processIo } from "../../cni/io.ts";
import { makeAll } from "../../netlink/wire/index.ts";
import { toCniError } from "../../plugin/errors.ts";
import { commandHandler, ipamsByPath } from "../handler.ts";
import { IPAMS, PLUGINS } from "../registry.ts";
import { runTask } from "./task.ts";

function environment(): Record<string, string> {
  const variables: Record<string, string> = Object.create(null);
  for (const entry of native.environment()) {
    const at = entry.indexOf("=");
    const name = entry.slice(0, at);
    if (at > 0 && !(name in variables)) variables[name] = entry.slice(at + 1);
  }
  return variables;
}

async function main(): Promise<number> {
  const env = environment();
  if (env["TSNET_TASK"] !== undefined) return runTask();
  const argument = native.name();
  const name = argument.slice(argument.lastIndexOf("/") + 1);
  const load = PLUGINS[name] ?? IPAMS[name];
  if (!load) throw new Error(`no plugin is called ${JSON.stringify(name)}`);
  const executable = native.executable();
  const ownFolder = executable.slice(0, executable.lastIndexOf("/"));
  const cwd = env["TSNET_CWD"] || undefined;
  const handler = commandHandler(await load(), native, ipamsByPath(native, ownFolder, name));
  return runPlugin(handler, processIo(native, env, cwd), toCniError);
}

/** At once: that writing fails may be what there is to say. */
function say(fd: number, text: string): void {
  try {
    native.writeAll(fd, new TextEncoder().encode(text));
  } catch {
    return;
  }
}

function start(): void {
  main().then(native.exit, (error: unknown) => {
    const [message, stack] = error instanceof Error ? [error.message, error.stack] : [String(error), ""];
    say(2, `tsnet: ${message}\n${stack}`);
    say(1, formatError(new CniError(CNI_CODE.OPERATION_FAILED, "cannot start the plugin", message)));
    native.exit(1);
  });
}

/**
 * QuickJS's tables of objects' shapes and of names are doubled when they are full, which writes to each of them. Room for what a
 * process adds is made here.
 */
function makeRoom(): void {
  const kept: unknown[] = [];
  // The table of shapes is looked at when there is a first object with a certain prototype, and then doubled once.
  for (let i = 0; i < 1000; i++) kept.push({ [`room ${i}`]: i }, Object.create({}));
}

makeAll();
makeRoom();
Object.assign(globalThis, { start });
