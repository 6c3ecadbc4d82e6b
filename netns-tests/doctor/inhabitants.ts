/** What runs in the namespaces of a lab: containers' processes with files of their own, name servers. */
import { join } from "node:path";
import type { Place } from "../support/place.ts";

/** Starts a program in a place and waits for its first line. */
async function started(place: Place, cmd: readonly string[]): Promise<AsyncDisposable> {
  const child = Bun.spawn([...place.enter, ...cmd], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  if (value === undefined) {
    await stop();
    throw new Error(`${cmd.join(" ")} in ${place.name}: ${await new Response(child.stderr).text()}`);
  }
  return { [Symbol.asyncDispose]: stop };
}

/** A process with an /etc of its own that has nothing but what `prepare`, a shell script, puts there: a container's. */
export const inhabit = (place: Place, prepare: string): Promise<AsyncDisposable> =>
  started(place, [
    ...["unshare", "--mount", "sh", "-ec"],
    `mount -t tmpfs tmpfs /etc; cd /etc; ${prepare}; echo ready; exec sleep 600`,
  ]);

/** The same with these lines in its resolv.conf. */
export const resolving = (place: Place, ...lines: string[]): Promise<AsyncDisposable> =>
  inhabit(place, `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(" ")} >resolv.conf`);

/** A name server at port 53; `code` is RCODE of RFC 1035 or -1 for silence, `known` a name that it answers all the same. */
export const nameServer = (place: Place, address: string, code = 0, known?: string): Promise<AsyncDisposable> =>
  started(place, [
    process.execPath,
    join(import.meta.dir, "name-server.ts"),
    address,
    String(code),
    ...(known === undefined ? [] : [known]),
  ]);
