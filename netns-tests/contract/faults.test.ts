/**
 * Every call that an ADD makes to the kernel or to IPAM fails once, before it takes effect and after it did. A failed ADD has
 * taken back what it made; where the failing call itself had its effect, the runtime's DEL does.
 */
import { describe, expect } from "bun:test";
import type { CniResult, JsonObject } from "../../src/cni/types.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import type { Snapshot } from "../support/snapshot.ts";
import { contractTest, SOAK } from "./contract-test.ts";
import { type Driver, startDriver } from "./driver.ts";
import type { DriverAnswer } from "./fault-driver.ts";
import type { Fault } from "./faulty.ts";
import { type Bench, leftovers, makeBench, makeNetwork, type Network } from "./network.ts";
import { configOf } from "./raw.ts";
import type { Subject } from "./subject.ts";
import { leavesTraces, SUBJECTS } from "./subjects/index.ts";
import { linksOf } from "./witness.ts";

/** Calls without an effect: failing after them is failing before. */
const READS =
  /\.(get|list|find|findAll|elements|rules|chains|tables|generation|waitUp|bridgeVlans|enter|of|legacyTables)( |$)/;

/** A fresh host, and one on which the shared parts stand already: there nothing at all may differ afterwards. */
type Ground = "a fresh host" | "a host in use";

interface Trial {
  readonly network: Network;
  readonly driver: Driver;
  readonly ground: Ground;
  readonly before: Snapshot;
  /** Names of the links in the container. */
  inside(): Promise<string[]>;
  readonly insideBefore: readonly string[];
  add(fault?: Fault): Promise<DriverAnswer>;
  del(): Promise<DriverAnswer>;
}

async function makeTrial(bench: Bench, subject: Subject, ground: Ground): Promise<Trial> {
  const network = makeNetwork(bench, subject);
  await subject.prepare?.(network);
  const driver = bench.use(startDriver(bench));
  const { at, sandbox } = await network.newContainer("one");
  const inside = async (): Promise<string[]> => (await linksOf(sandbox)).map(({ ifname }) => ifname);
  const last = network.plugins.length - 1;
  const ask = (command: "ADD" | "DEL", n: number, more: JsonObject, fault?: Fault): Promise<DriverAnswer> => {
    const conf = configOf(network, { ...more, ...(at.runtimeConfig && { runtimeConfig: at.runtimeConfig }) }, n);
    const { containerId, netns, args } = at;
    return driver.ask({
      command,
      conf,
      containerId,
      netns,
      folder: OURS_DIR ?? "",
      ...(args !== undefined && { args }),
      ...(fault && { fault }),
    });
  };
  if (ground === "a host in use") await network.attach("neighbour");
  // The plugins before the one under test have done their work, and go on standing.
  let previous: JsonObject = {};
  for (let n = 0; n < last; n++) {
    const { result, error } = await ask("ADD", n, previous);
    if (!result) throw new Error(`${network.plugins[n]?.["type"]}: ${JSON.stringify(error)}`);
    previous = { prevResult: asJson(result) };
  }
  return {
    network,
    driver,
    ground,
    before: await bench.snapshot(),
    inside,
    insideBefore: await inside(),
    add: (fault) => ask("ADD", last, previous, fault),
    del: () => ask("DEL", last, previous),
  };
}

const asJson = (result: CniResult): JsonObject => JSON.parse(JSON.stringify(result)) as JsonObject;

async function expectAsBefore({ network, before, ground, inside, insideBefore }: Trial, what: string): Promise<void> {
  const { bench, subject, place } = network;
  const stays = ground === "a fresh host" ? subject.stays : [];
  expect({ what, left: leftovers(before, await bench.snapshot(), { stays }) }).toEqual({ what, left: [] });
  expect({ what, inside: await inside() }).toEqual({ what, inside: [...insideBefore] });
  if (ground === "a fresh host" && network.plugins.length === 1)
    await bench.host.exec("sh", "-c", subject.reset(place));
}

async function failEverywhere(subject: Subject, ground: Ground): Promise<number> {
  await using bench = await makeBench();
  const trial = await makeTrial(bench, subject, ground);
  const whole = await trial.add();
  expect(whole.error).toBeUndefined();
  expect((await trial.del()).error).toBeUndefined();
  await expectAsBefore(trial, "ADD and DEL without a fault");

  let count = 0;
  for (const when of ["before", "after"] as const) {
    for (const [at, call] of whole.calls.entries()) {
      if (when === "after" && READS.test(call)) continue;
      const what = `${when} ${call} (call ${at} of ${whole.calls.length})`;
      const { error, fired } = await trial.add({ at, when });
      if (fired === undefined) continue;
      count++;
      const tolerated = subject.tolerates?.some((pattern) => pattern.test(fired)) ?? false;
      if (!tolerated) {
        expect({ what, msg: error?.msg }).toEqual({
          what,
          msg: expect.stringContaining(`injected ${when} ${fired}: EIO`),
        });
        expect({ what, code: error?.code }).toEqual({ what, code: 100 });
      }
      // What took effect although the kernel said no, and what ADD was right to survive, is for DEL.
      if (when === "after" || error === undefined) expect((await trial.del()).error).toBeUndefined();
      await expectAsBefore(trial, what);
      // Twice, and after a failed ADD: DEL has nothing to say.
      if (when === "before") expect((await trial.del()).error).toBeUndefined();
    }
  }
  return count;
}

describe("a fault at every call of ADD", () => {
  // One family takes the same steps as both, but fewer.
  const isWhole = ({ families, variant }: Subject): boolean => !variant && (SOAK || families.length !== 1);
  for (const subject of SUBJECTS.filter(isWhole)) {
    const grounds: Ground[] = leavesTraces(subject) ? ["a fresh host", "a host in use"] : ["a fresh host"];
    for (const ground of grounds)
      contractTest(`${subject.name}: on ${ground}, everything is as before`, async () => {
        const count = await failEverywhere(subject, ground);
        // Otherwise nothing was tried.
        if (leavesTraces(subject)) expect(count).toBeGreaterThan(5);
      });
  }
});
