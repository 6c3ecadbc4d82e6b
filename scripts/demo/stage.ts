export interface Output {
  command: string;
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, without a shell. */
export function run(command: string[], env: Record<string, string> = {}): Output {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 30_000,
  });
  return { command: command.join(" "), status: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** The standard output of a program that must succeed. */
export function checked(output: Output): string {
  if (output.status === 0) return output.stdout;
  throw new Error(`${output.command}\n${output.stdout}${output.stderr}`);
}

/** A named network namespace of the demo. */
export interface Namespace {
  readonly role: string;
  readonly name: string;
  readonly path: string;
  run(command: string[], env?: Record<string, string>): Output;
}

/** Everything the demo makes, taken away in reverse order at the end, however it ends. */
export class Stage {
  private readonly undos: { of: unknown; undo: () => void }[] = [];
  private readonly tag = crypto.randomUUID().slice(0, 4);

  own<T>(value: T, undo: (value: T) => void): T {
    this.undos.push({ of: value, undo: () => undo(value) });
    return value;
  }

  namespace(role: string): Namespace {
    const name = `demo${this.tag}-${role}`;
    checked(run(["ip", "netns", "add", name]));
    this.own(name, () => run(["ip", "netns", "del", name]));
    checked(run(["ip", "-n", name, "link", "set", "lo", "up"]));
    return this.at(role, name, `/run/netns/${name}`);
  }

  /** A namespace that somebody else made. Files stay the machine's. */
  at(role: string, name: string, path: string): Namespace {
    return { role, name, path, run: (command, env) => run(["nsenter", `--net=${path}`, "--", ...command], env) };
  }

  async listening(where: Namespace, port: number): Promise<void> {
    for (let i = 0; i < 100; i++) {
      if (where.run(["ss", "-Hltn", `sport = :${port}`]).stdout !== "") return;
      await Bun.sleep(20);
    }
    throw new Error(`nothing listens on port ${port} of ${where.name}`);
  }

  /** Takes away now what belongs to `of`. */
  release(of: unknown): void {
    for (const entry of this.undos.filter((u) => u.of === of).reverse()) {
      this.undos.splice(this.undos.indexOf(entry), 1);
      entry.undo();
    }
  }

  close(): void {
    for (const { undo } of this.undos.splice(0).reverse()) undo();
  }
}
