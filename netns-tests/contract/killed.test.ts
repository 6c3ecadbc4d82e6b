/** SIGKILL at random moments of ADD and DEL: afterwards DEL, or GC, leaves the host as it was. */
import { describe, expect } from "bun:test";
import type { CniCommand, JsonObject } from "../../src/cni/types.ts";
import type { Snapshot } from "../support/snapshot.ts";
import { contractTest, SOAK } from "./contract-test.ts";
import { leftovers, makeBench, makeNetwork, type Network } from "./network.ts";
import { callRaw, configOf, gcRaw } from "./raw.ts";
import { leavesTraces, SUBJECTS } from "./subjects/index.ts";
import { linksOf } from "./witness.ts";

/** Of every subject on either ground. */
const RUNS = SOAK ? Number(process.env["TSNET_SOAK_KILLS"] ?? 400) : 20;
const SECONDS_OF_ALL = 80;

/** Who is killed, and who cleans up. */
const KILLS = ["ADD", "DEL"] as const;
const CLEANERS = ["DEL", "GC"] as const;

const pick = <T>(from: readonly [T, ...T[]]): T => from[Math.floor(Math.random() * from.length)] ?? from[0];

interface Victim {
  readonly network: Network;
  readonly parameters: { containerId: string; netns: string; ifName: string; args?: string };
  readonly runtimeConfig: JsonObject;
  /** How long a whole call takes here, in milliseconds, the longest of a few. */
  readonly typicalMs: Map<string, number>;
}

async function call(victim: Victim, command: CniCommand, n: number, previous: JsonObject, timeoutMs?: number) {
  const { network, parameters, runtimeConfig } = victim;
  const type = String(network.plugins[n]?.["type"]);
  const start = performance.now();
  const answer = await callRaw(network, command, configOf(network, { ...previous, runtimeConfig }, n), {
    ...parameters,
    type,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  if (timeoutMs === undefined) {
    if (answer.code !== 0) throw new Error(`${type} ${command}: ${answer.stdout}${answer.stderr}`);
    const key = `${command} ${n}`;
    victim.typicalMs.set(key, Math.max(victim.typicalMs.get(key) ?? 0, performance.now() - start));
  }
  return answer;
}

const asPrevious = (result: JsonObject | undefined): JsonObject => (result ? { prevResult: result } : {});

/** ADD by the first `count` plugins of the list. */
async function addUpTo(victim: Victim, count: number): Promise<JsonObject> {
  let previous: JsonObject = {};
  for (let n = 0; n < count; n++) previous = asPrevious((await call(victim, "ADD", n, previous)).json);
  return previous;
}

async function delAll(victim: Victim, previous: JsonObject): Promise<void> {
  for (let n = victim.network.plugins.length - 1; n >= 0; n--) await call(victim, "DEL", n, previous);
}

/** A moment of the call, evenly distributed; the timer counts in milliseconds. */
const moment = (victim: Victim, command: string, n: number): number =>
  1 + Math.floor(Math.random() * ((victim.typicalMs.get(`${command} ${n}`) ?? 20) + 1));

async function killOnce(victim: Victim): Promise<string> {
  const { plugins } = victim.network;
  const [kill, cleaner] = [pick(KILLS), pick(CLEANERS)];
  const n = Math.floor(Math.random() * plugins.length);
  let previous = await addUpTo(victim, kill === "ADD" ? n : plugins.length);
  const whole = previous;
  if (kill === "DEL") for (let last = plugins.length - 1; last > n; last--) await call(victim, "DEL", last, whole);
  const afterMs = moment(victim, kill, n);
  const answer = await call(victim, kill, n, previous, afterMs);
  // A runtime that got no result has none to hand back; one that asked for DEL has.
  previous = kill === "DEL" ? whole : {};
  if (cleaner === "DEL") await delAll(victim, previous);
  else
    for (const gc of await gcRaw(victim.network, {
      "cni.dev/valid-attachments": [{ containerID: "neighbour", ifname: "eth0" }],
    }))
      expect(gc).toMatchObject({ code: 0, stdout: "" });
  const ended = answer.code === 0 ? "too late" : "killed";
  return `${kill} of ${plugins[n]?.["type"]} ${ended} after ${afterMs} ms, then ${cleaner}`;
}

describe("a plugin killed at any moment", () => {
  const subjects = SUBJECTS.filter((each) => leavesTraces(each) && !each.variant);
  const chosen = SOAK
    ? subjects
    : subjects.filter(({ name }) =>
        /masquerading|checked|(portmap|bandwidth|tuning|macvlan).*v4 and v6|vxlan/.test(name),
      );
  for (const subject of chosen)
    for (const ground of ["a fresh host", "a host in use"] as const)
      contractTest(`${subject.name}: ${RUNS} times on ${ground}, DEL or GC leaves it as it was`, async () => {
        const deadline = performance.now() + (SECONDS_OF_ALL * 1000) / (2 * chosen.length);
        await using bench = await makeBench();
        const network = makeNetwork(bench, subject);
        await subject.prepare?.(network);
        const neighbour = ground === "a host in use" ? await network.attach("neighbour") : undefined;
        const { sandbox, at } = await network.newContainer("victim");
        const victim: Victim = {
          network,
          parameters: { containerId: "victim", netns: at.netns, ifName: "eth0" },
          runtimeConfig: at.runtimeConfig ?? {},
          typicalMs: new Map(),
        };
        const fresh = await bench.snapshot();
        for (let i = 0; i < 3; i++) await delAll(victim, await addUpTo(victim, network.plugins.length));
        const before: Snapshot = neighbour ? await bench.snapshot() : fresh;
        const stays = neighbour ? [] : subject.stays;
        for (let run = 0; run < RUNS && (SOAK || performance.now() < deadline); run++) {
          if (!neighbour) await bench.host.exec("sh", "-c", subject.reset(network.place));
          const what = await killOnce(victim);
          expect({ what, left: leftovers(before, await bench.snapshot(), { stays }) }).toEqual({ what, left: [] });
          const inside = (await linksOf(sandbox)).map(({ ifname }) => ifname);
          expect({ what, inside }).toEqual({ what, inside: ["lo"] });
          if (neighbour) await network.chain.check(neighbour.at);
        }
      });
});
