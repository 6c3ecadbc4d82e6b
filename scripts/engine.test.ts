import { afterAll, beforeAll, expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { loadNative } from "../native/load.ts";
import { bundleForEngine } from "./bundle.ts";
import { builtins } from "./support/engine/builtins.ts";
import { samples } from "./support/engine/samples.ts";

/** The plugins' engine with a script of the tests in it. */
const folder = mkdtempSync("/tmp/tsnet-engine-");
const engine = `${import.meta.dir}/../native/build/engine/engine`;
const program = `${folder}/program`;

async function build(entry: string, out: string): Promise<void> {
  await Bun.write(`${out}.js`, await bundleForEngine(`${import.meta.dir}/${entry}`));
  execFileSync(engine, [`${out}.js`, engine, out]);
  chmodSync(out, 0o755);
}

beforeAll(() => build("support/engine/entry.ts", program));
afterAll(() => rmSync(folder, { recursive: true }));

const runAs = (argv0: string, env: Record<string, string> = {}) =>
  spawnSync(program, [], { argv0, env, encoding: "utf8", timeout: 20_000, maxBuffer: 1 << 26 });

test("texts, bytes, hashes and every kind of argument, result and error are those of the addon under Bun", () => {
  const [here, there] = [`${folder}/here`, `${folder}/there`];
  for (const place of [here, there]) mkdirSync(place);
  const ours = runAs(there);
  expect([ours.stderr, ours.status]).toEqual(["", 0]);
  const found = JSON.parse(ours.stdout.replaceAll(there, here)) as unknown[];
  const wanted = JSON.parse(JSON.stringify(samples(loadNative(), here))) as unknown[];
  const different = wanted.flatMap((value, i) => (Bun.deepEquals(value, found[i]) ? [] : [[i, value, found[i]]]));
  expect(different).toEqual([]);
  expect(found.length).toBe(wanted.length);
});

/** Of what Bun has and the engine lacks, names that plugins have for things of their own. */
const OWN_NAMES = ["exchange"];

test("the engine has all of ECMAScript that the plugins use", async () => {
  const there = new Set(JSON.parse(runAs("builtins").stdout) as string[]);
  expect(there.size).toBeGreaterThan(300);
  const lacking = builtins().filter((name) => !there.has(name) && /^[a-z]\w+$/i.test(name));
  expect(lacking).toContain("fromHex");
  const bundle = await bundleForEngine(`${import.meta.dir}/../src/main/engine/entry.ts`);
  const used = lacking.filter((name) => new RegExp(`\\.${name}\\b`).test(bundle));
  expect(used.filter((name) => !OWN_NAMES.includes(name))).toEqual([]);
});

test("what cannot go on ends with a message, and an error object for a runtime", () => {
  for (const name of ["throws", "rejects"]) {
    const { status, stdout } = runAs(name);
    expect([name, status, stdout.startsWith('{"caught":')]).toEqual([name, 3, true]);
  }
  for (const name of ["recurses", "nests JSON"]) {
    const { status, stdout } = runAs(name);
    expect([name, status, stdout]).toEqual([name, 3, expect.stringMatching(/caught/)]);
  }
  for (const name of ["fills the memory", "wants too much"]) {
    const { status, stdout } = runAs(name);
    expect([name, status, stdout]).toEqual([name, 3, '{"caught":"InternalError"}']);
  }
  const stuck = runAs("never ends", { CNI_COMMAND: "ADD" });
  expect(stuck.status).toBe(1);
  expect(stuck.stderr).toContain("ended without an answer");
  expect(JSON.parse(stuck.stdout).code).toBe(999);
});

test("memory that is freed is used again, and holds what was put there", () => {
  for (const name of ["uses memory again", "writes to what was zero"]) {
    const { status, stdout, stderr } = runAs(name);
    expect([name, status, stdout, stderr]).toEqual([name, 0, "", ""]);
  }
});

test("without memory it says so", () => {
  const env = { ...process.env, CNI_COMMAND: "ADD" };
  const { status, stdout, stderr } = spawnSync("prlimit", ["--as=1000000000", program], { encoding: "utf8", env });
  expect(status).toBe(1);
  expect(JSON.parse(stdout).code).toBe(100);
  expect(stderr).toContain("address space");
});

test("a name that no plugin has is an error on stdout and a stack on stderr, and exit status 1 where nobody can be told", async () => {
  const plugins = `${folder}/plugins`;
  await build("../src/main/engine/entry.ts", plugins);
  const call = (redirect: string) =>
    spawnSync("bash", ["-c", `exec -a nonsense "$0" ${redirect}`, plugins], {
      encoding: "utf8",
      env: { CNI_COMMAND: "VERSION" },
    });
  const { stdout, stderr, status } = call("");
  expect(JSON.parse(stdout)).toMatchObject({ code: 100, msg: "cannot start the plugin" });
  expect(JSON.parse(stdout).details).toContain('"nonsense"');
  expect(stderr).toMatch(/^tsnet: .*\n {4}at /);
  expect(status).toBe(1);
  expect(call(">&- 2>&-")).toMatchObject({ stdout: "", stderr: "", status: 1 });
});
