/** CHECK passes right after ADD, and fails when any single thing that ADD made is missing, naming it. */
import { describe, expect } from "bun:test";
import { PluginFailure } from "../support/plugin.ts";
import { contractTest } from "./contract-test.ts";
import { eachOf } from "./each-of.ts";
import { leftovers, makeBench, makeNetwork } from "./network.ts";
import type { Made, Subject } from "./subject.ts";
import { SUBJECTS } from "./subjects/index.ts";

/** CniError 101, src/cni/errors.ts. */
const CHECK_FAILED = 101;

async function checkMisses(subject: Subject, made: Made): Promise<void> {
  await using bench = await makeBench();
  const network = makeNetwork(bench, subject);
  await subject.prepare?.(network);
  const attached = await network.attach("one");
  await network.chain.check(attached.at);
  await made.remove(attached);
  const before = await bench.snapshot();
  const failure = await network.chain.check(attached.at).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof PluginFailure)) throw failure ?? new Error("CHECK passed");
  expect(failure.answer.json).toMatchObject({ code: CHECK_FAILED });
  const named = typeof made.named === "function" ? made.named(attached) : made.named;
  expect(String(failure.answer.json?.["msg"])).toMatch(named);
  // It looks and does not touch.
  expect(leftovers(before, await bench.snapshot(), { stays: [] })).toEqual([]);
}

describe("CHECK", () => {
  for (const subject of SUBJECTS.filter(({ makes }) => makes.length > 0))
    contractTest(`${subject.name}: each of ${subject.makes.length} things is missed`, () =>
      eachOf(
        subject.makes,
        ({ name }) => name,
        (made) => checkMisses(subject, made),
      ),
    );
});
