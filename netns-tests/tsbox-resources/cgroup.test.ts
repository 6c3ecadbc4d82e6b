/** Containers' cgroups on this machine's kernel; what the limits do is seen on processes and in /proc. */
import { expect, test } from "bun:test";
import { makeBoxes } from "./boxes.ts";
import { testCgroups } from "./cgroup-cases.ts";

testCgroups("this machine");

test("no cgroup of a test is left", async () => {
  const boxes = makeBoxes();
  boxes.cgroups.create("a");
  await boxes[Symbol.asyncDispose]();
  expect(boxes.cgroups.list()).toEqual([]);
});
