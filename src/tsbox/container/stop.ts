import { type Answer, ignoreDisconnected, MonitorClient } from "../client/monitor.ts";
import { Failure } from "../failure.ts";
import { request } from "../helper/frames.ts";
import { FILES } from "../helper/records.ts";
import { runFolder } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import { containerCgroups } from "./cgroups.ts";
import { finishIfFree } from "./finish.ts";
import type { ContainerRecord } from "./record.ts";
import { conditionOf } from "./state.ts";

const SIGKILL = 9;
const CONNECT_TRIES = 40;
const CONNECT_PAUSE_MS = 50;
/** After SIGKILL only the kernel can keep a process. */
const KILL_WAIT_MS = 20_000;
const REFUSED_WAIT_MS = 2000;

/**
 * A connection to the monitor of a container that runs; `undefined` when it does not. A monitor that lives and does not answer is
 * ending, as a rule; a Failure when it goes on so.
 */
export async function connectTo(
  s: Surroundings,
  { id, name }: Pick<ContainerRecord, "id" | "name">,
): Promise<MonitorClient | undefined> {
  for (let attempt = 1; conditionOf(s, id).kind === "alive"; attempt++) {
    const client = await MonitorClient.connect(`${runFolder(s.places, id)}/${FILES.socket}`);
    if (client !== undefined) return client;
    if (attempt === CONNECT_TRIES)
      throw new Failure(`the monitor of container ${name} does not answer`, `tsbox rm -f ${name}`);
    await Bun.sleep(CONNECT_PAUSE_MS);
  }
  return undefined;
}

/** The same; a Failure when it does not run. */
export async function connectToRunning(s: Surroundings, record: ContainerRecord): Promise<MonitorClient> {
  const client = await connectTo(s, record);
  if (client !== undefined) return client;
  throw new Failure(`container ${record.name} is not running`, `tsbox start ${record.name}`);
}

/** Stops a container as it asked to be stopped, and returns when it has ended; one that does not run is fine. */
export async function stopContainer(s: Surroundings, record: ContainerRecord): Promise<void> {
  await endIt(s, record, request.stop());
}

/** Sends a signal. When it is SIGKILL, returns when the container has ended, which counts as stopped by hand. */
export async function killContainer(s: Surroundings, record: ContainerRecord): Promise<void> {
  await endIt(s, record, request.signal(SIGKILL, true));
}

async function endIt(s: Surroundings, record: ContainerRecord, how: Uint8Array): Promise<void> {
  const client = await connectTo(s, record);
  if (client !== undefined) {
    try {
      const end = client.end();
      const answer = await client.request(how).catch(ignoreDisconnected);
      // What stands still does not see a signal.
      await thaw(record.id);
      await Promise.race([end, ...limits(record, answer)]);
    } finally {
      client.close();
    }
  }
  await finishIfFree(s, record.id);
}

/** What ends the waiting for a container's end. One that refuses the request may be ending just now. */
function limits({ name, stopTimeoutSeconds }: ContainerRecord, answer: Answer | undefined): Promise<never>[] {
  if (answer?.type === "error")
    return [failAfter(REFUSED_WAIT_MS, `cannot stop container ${name}: ${answer.text}`, "")];
  if (stopTimeoutSeconds < 0) return [];
  const problem = `container ${name} does not end, not even by SIGKILL`;
  return [failAfter(stopTimeoutSeconds * 1000 + KILL_WAIT_MS, problem, "its processes wait in the kernel: see dmesg")];
}

async function failAfter(ms: number, message: string, remedy: string): Promise<never> {
  await Bun.sleep(ms);
  throw new Failure(message, remedy);
}

async function thaw(id: string): Promise<void> {
  const groups = containerCgroups().open(id);
  if (groups.exists && groups.frozen) await groups.thaw();
}
