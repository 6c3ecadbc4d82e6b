import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "main-"));
  writeFileSync(join(folder, "no-addon.js"), 'process.dlopen = () => { throw new Error("no addon here"); };');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The executable's program under a plugin's name, where the addon cannot be loaded. */
function callWithoutAddon(redirect: string): { stdout: string; stderr: string; exitCode: number } {
  const { stdout, stderr, exitCode } = Bun.spawnSync(
    ["bash", "-c", `exec -a bridge "$0" --preload "$1" "$2" ${redirect}`].concat([
      process.execPath,
      join(folder, "no-addon.js"),
      `${import.meta.dir}/main.ts`,
    ]),
    { env: { ...process.env, CNI_COMMAND: "VERSION" } },
  );
  return { stdout: stdout.toString(), stderr: stderr.toString(), exitCode };
}

test("what stops a plugin from starting is an error on stdout, and a stack on stderr", () => {
  const { stdout, stderr, exitCode } = callWithoutAddon("");
  expect(JSON.parse(stdout)).toEqual({ code: 100, msg: "cannot start the plugin", details: "no addon here" });
  expect(stderr).toStartWith("tsnet: Error: no addon here\n    at ");
  expect(exitCode).toBe(1);
});

test("and exit status 1 where nobody can be told", () => {
  expect(callWithoutAddon(">&- 2>&-")).toEqual({ stdout: "", stderr: "", exitCode: 1 });
});
