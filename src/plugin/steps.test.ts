import { expect, test } from "bun:test";
import { CNI_CODE, CniError } from "../cni/errors.ts";
import { NetlinkError } from "../netlink/socket/index.ts";
import { toCniError } from "./errors.ts";
import { allOf, StepError, transaction } from "./steps.ts";

const nothing = async (): Promise<void> => {};
const failing = (message: string) => async (): Promise<void> => {
  throw new Error(message);
};

test("a failing step takes the earlier ones back in reverse and not itself", async () => {
  const log: string[] = [];
  const undo = (name: string) => async () => void log.push(name);
  const run = transaction(async (tx) => {
    await tx.step("a", nothing, undo("a"));
    await tx.step("b", nothing, undo("b"));
    await tx.step("c", failing("no"), undo("c"));
  });
  const error = await run.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(StepError);
  expect((error as Error).message).toBe("c: no");
  expect(log).toEqual(["b", "a"]);
});

test("an undo that fails does not stop the others, and the first cause stays", async () => {
  const log: string[] = [];
  const error = (await transaction(async (tx) => {
    await tx.step("a", nothing, async () => void log.push("a"));
    await tx.step("b", nothing, failing("stuck"));
    await tx.step("c", failing("no"));
  }).catch((e: unknown) => e)) as StepError;
  expect(log).toEqual(["a"]);
  expect(error.step).toBe("c");
  expect(error.undoErrors.map((e) => e.message)).toEqual(["undo b: stuck"]);
});

test("what a transaction holds is closed on success and on failure, after the undos", async () => {
  for (const fail of [false, true]) {
    const log: string[] = [];
    await transaction(async (tx) => {
      await tx.hold("open", async () => ({ [Symbol.asyncDispose]: async () => void log.push("closed") }));
      await tx.step("a", nothing, async () => void log.push("undone"));
      if (fail) await tx.step("b", failing("no"));
    }).catch(nothing);
    expect(log).toEqual(fail ? ["undone", "closed"] : ["closed"]);
  }
});

test("an error thrown between steps also takes the steps back", async () => {
  const log: string[] = [];
  const error = await transaction(async (tx) => {
    await tx.step("a", nothing, async () => void log.push("a"));
    throw new CniError(7, "bad");
  }).catch((e: unknown) => e);
  expect(log).toEqual(["a"]);
  expect(error).toBeInstanceOf(CniError);
});

test("allOf goes on after a failure and reports all of them", async () => {
  const log: string[] = [];
  const error = (await allOf([
    ["one", failing("1")],
    ["two", async () => void log.push("two")],
    ["three", failing("3")],
  ]).catch((e: unknown) => e)) as StepError;
  expect(log).toEqual(["two"]);
  expect(error.message).toBe("one: 1");
  expect(error.undoErrors.map((e) => e.message)).toEqual(["three: 3"]);
});

test("allOf passes over what needs a task that failed, and says so", async () => {
  const log: string[] = [];
  const error = (await allOf([
    ["link", failing("1")],
    ["rules", async () => void log.push("rules")],
    ["lease", async () => void log.push("lease"), "link"],
    ["name", async () => void log.push("name"), "rules"],
  ]).catch((e: unknown) => e)) as StepError;
  expect(log).toEqual(["rules", "name"]);
  expect(error.message).toBe("link: 1");
  expect(error.undoErrors.map((e) => e.message)).toEqual(['lease: not done, because "link" failed']);
});

test("errors become codes: typed ones keep theirs, passing conditions are 11, bugs have none", () => {
  const busy = new NetlinkError("RTM_NEWLINK", 16);
  expect(toCniError(busy)?.code).toBe(CNI_CODE.TRY_AGAIN_LATER);
  const exists = new StepError("create veth pair", new NetlinkError('RTM_NEWLINK "v"', 17), [new Error("undo a: b")]);
  expect(toCniError(exists)).toMatchObject({
    code: CNI_CODE.OPERATION_FAILED,
    message: 'create veth pair: RTM_NEWLINK "v": EEXIST: File exists',
    details: "undo a: b",
  });
  expect(toCniError(new StepError("x", new CniError(8, "no netns", "d"), []))).toMatchObject({
    code: 8,
    message: "no netns",
  });
  expect(toCniError(new TypeError("x is undefined"))).toBeUndefined();
});
