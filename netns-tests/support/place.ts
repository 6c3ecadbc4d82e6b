import { must, type Ran, type RunOptions, run } from "./run.ts";

/** Somewhere commands can run: a network namespace, a private host, a container's sandbox. */
export interface Place {
  /** For messages. */
  readonly name: string;
  /** A path that opens the network namespace from the outside: `/run/netns/tab12cd`, `/proc/123/ns/net`. */
  readonly path: string;
  /** The command line that enters: `nsenter --net=… --`. */
  readonly enter: readonly string[];
  /** Runs a command inside, whatever its exit code. */
  run(cmd: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Runs a command that must succeed; its stdout. */
  exec(...cmd: string[]): Promise<string>;
}

export function place(name: string, path: string, enter: readonly string[]): Place {
  return {
    name,
    path,
    enter,
    run: (cmd, options) => run([...enter, ...cmd], options),
    exec: (...cmd) => must([...enter, ...cmd]),
  };
}

/** A network namespace that somebody else made, by path. Only the network changes; files stay those of the caller. */
export function netnsAt(path: string, name = path): Place {
  return place(name, path, ["nsenter", `--net=${path}`, "--"]);
}

/** The namespace this process runs in. */
export const outside: Place = place("outside", "/proc/self/ns/net", []);
