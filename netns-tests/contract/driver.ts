import { join } from "node:path";
import type { DriverAnswer, DriverRequest } from "./fault-driver.ts";
import type { Bench } from "./network.ts";

export interface Driver extends AsyncDisposable {
  ask(request: DriverRequest): Promise<DriverAnswer>;
}

/** `fault-driver.ts` in the bench's host, for as many requests as one likes. */
export function startDriver({ host }: Pick<Bench, "host">): Driver {
  const child = Bun.spawn([...host.enter, process.execPath, join(import.meta.dir, "fault-driver.ts")], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      child.stdin.flush();
      while (!text.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the driver ended: exit ${await child.exited}`);
        text += value;
      }
      const end = text.indexOf("\n");
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      return JSON.parse(line) as DriverAnswer;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await child.exited;
    },
  };
}
