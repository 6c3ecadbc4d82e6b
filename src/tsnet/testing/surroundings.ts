import { loadNative } from "../../../native/load.ts";
import { commandLine } from "../main.ts";
import { report } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { NO_TERMINAL } from "../terminal.ts";

export interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process, with an environment of the test's own. */
export async function tsnet(args: readonly string[], given: Partial<Surroundings> = {}): Promise<Said> {
  let out = "";
  let err = "";
  const surroundings: Surroundings = {
    plugins: {},
    ipams: {},
    native: loadNative(),
    env: {},
    cwd: "/",
    ownFolder: "/nowhere",
    terminal: NO_TERMINAL,
    ...given,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  };
  let exit = 0;
  try {
    await (await commandLine(surroundings, args)).parseAsync(args, { from: "user" });
  } catch (error) {
    exit = report(error, surroundings, args.includes("--json"));
  }
  return { exit, out, err };
}
