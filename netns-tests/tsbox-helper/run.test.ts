import { expect } from "bun:test";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { makeBox } from "./support/box.ts";

testUnless(lacksRoot, "a container runs its program and gives its exit code and output", async () => {
  await using box = await makeBox();
  expect(await box.run({ args: ["true"] })).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await box.run({ args: ["sh", "-c", "echo out; echo err >&2; exit 7"] })).toEqual({
    code: 7,
    stdout: "out\n",
    stderr: "err\n",
  });
  expect(await box.run({ args: ["sh", "-c", "kill -9 $$"] })).toMatchObject({ code: 0 });
});
