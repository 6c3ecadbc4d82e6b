import { table } from "../../cli/text.ts";
import { UsageError } from "../../cli/usage-error.ts";
import { nearest } from "../options/suggest.ts";
import type { Word } from "../options/word.ts";

type Load = () => Promise<Word>;

/** Every command by its words, loaded when it is called. */
export const COMMANDS: Readonly<Record<string, { readonly help: string; readonly load: Load }>> = {
  run: { help: "make and start a container", load: async () => (await import("./run.ts")).run },
  create: { help: "make a container", load: async () => (await import("./create.ts")).create },
  start: { help: "start containers", load: async () => (await import("./start.ts")).start },
  stop: { help: "stop containers", load: async () => (await import("./stop.ts")).stop },
  restart: { help: "stop and start containers", load: async () => (await import("./restart.ts")).restart },
  kill: { help: "kill containers", load: async () => (await import("./kill.ts")).kill },
  pause: { help: "let containers stand still", load: async () => (await import("./pause.ts")).pause },
  unpause: { help: "let them go on", load: async () => (await import("./pause.ts")).unpause },
  wait: {
    help: "wait until containers end, and print their exit statuses",
    load: async () => (await import("./wait.ts")).wait,
  },
  rm: { help: "remove containers", load: async () => (await import("./rm.ts")).rm },
  rename: { help: "give a container another name", load: async () => (await import("./rename.ts")).rename },
  exec: { help: "run a program in a running container", load: async () => (await import("./exec.ts")).exec },
  attach: { help: "tie this terminal to a running container", load: async () => (await import("./attach.ts")).attach },
  logs: { help: "show what a container wrote", load: async () => (await import("./logs.ts")).logs },
  ps: { help: "list containers", load: async () => (await import("./ps.ts")).ps },
  inspect: {
    help: "show all that is known of containers or images",
    load: async () => (await import("./inspect.ts")).inspect,
  },
  top: { help: "list a container's processes", load: async () => (await import("./top.ts")).top },
  stats: { help: "show what containers use", load: async () => (await import("./stats.ts")).stats },
  port: { help: "list a container's published ports", load: async () => (await import("./port.ts")).port },
  import: { help: "make an image of a tar archive", load: async () => (await import("./import.ts")).importWord },
  images: { help: "list images", load: async () => (await import("./images.ts")).images },
  rmi: { help: "remove images", load: async () => (await import("./rmi.ts")).rmi },
  "system gc": {
    help: "clean up what killed commands left",
    load: async () => (await import("./system-gc.ts")).systemGc,
  },
  "system info": { help: "tell about this machine", load: async () => (await import("./system-info.ts")).systemInfo },
  "system start": {
    help: "start what should run; for boot",
    load: async () => (await import("./system-start.ts")).systemStart,
  },
  version: { help: "print the version", load: async () => (await import("./version.ts")).version },
};

/** Docker's longer and older spellings of the same. */
const ALIASES: Readonly<Record<string, string>> = {
  info: "system info",
  "container ls": "ps",
  "container list": "ps",
  "container ps": "ps",
  "image ls": "images",
  "image list": "images",
  "image rm": "rmi",
  "image import": "import",
  "image inspect": "inspect",
  ...Object.fromEntries(
    "run create start stop restart kill pause unpause wait rm rename exec attach logs inspect top stats port"
      .split(" ")
      .map((word) => [`container ${word}`, word]),
  ),
};

/** For the monitor alone, so in no help. */
const INTERNAL: Readonly<Record<string, Load>> = { __ended: async () => (await import("./ended.ts")).ended };

/** The command that a command line begins with, and how many words that took. */
export function resolveWord(args: readonly string[]): { load: Load; used: number } {
  for (const used of [2, 1]) {
    const words = args.slice(0, used).join(" ");
    const load = COMMANDS[ALIASES[words] ?? words]?.load ?? INTERNAL[words];
    if (load !== undefined && args.length >= used) return { load, used };
  }
  const [first = "", second = ""] = args;
  const isGroup = ["system", "container", "image"].includes(first);
  const typed = isGroup ? `${first} ${second}`.trim() : first;
  const meant = nearest(typed, [...Object.keys(COMMANDS), ...Object.keys(ALIASES)]);
  throw new UsageError(
    `unknown command: tsbox ${typed}`,
    meant === undefined ? "see tsbox --help" : `did you mean tsbox ${meant}?`,
  );
}

export function overview(): string {
  const rows = Object.entries(COMMANDS).map(([name, { help }]) => [`  ${name}`, help]);
  return `Usage: tsbox COMMAND

Run containers, without a daemon.

Commands:
${table(["", ""], rows).replace(/^\s*\n/, "")}
tsbox COMMAND --help tells more.
`;
}
