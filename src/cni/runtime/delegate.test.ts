import { describe, expect, test } from "bun:test";
import { chmodSync, closeSync, copyFileSync, existsSync, openSync, writeFileSync } from "node:fs";
import { loadNative } from "../../../native/load.ts";
import type { CniError } from "../errors.ts";
import type { Invocation } from "../handler.ts";
import { delegateAdd, delegateCall } from "./delegate.ts";
import { invokePlugin } from "./invoke.ts";
import { nativeExec } from "./spawn.ts";
import { makePlace, type Place } from "./testing/place.ts";

const STDIN = '{"cniVersion":"1.0.0", "name":"net",\n "ipam":{"type":"ipam"}}';

function invocation(place: Place): { call: Invocation; notes: string[] } {
  const notes: string[] = [];
  const env = { ...place.runtime.host.env, CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1", CNI_PATH: "bin", CNI_X: "kept" };
  const call: Invocation = {
    command: "ADD",
    env,
    cniPath: place.runtime.cniPath,
    cwd: place.folder,
    stdin: new TextEncoder().encode(STDIN),
    note: (message) => notes.push(message),
  };
  return { call, notes };
}

const add = (place: Place, call: Invocation): Promise<unknown> =>
  delegateAdd(place.runtime.host, "ipam", call, "1.0.0").catch((error: unknown) => error);

describe("a delegate", () => {
  test("gets the same stdin, environment and folder, with its own command", async () => {
    using place = makePlace();
    place.plugin(
      "ipam",
      `printf %s "$stdin" > stdin; pwd > cwd; echo note >&2; echo '{"ips":[{"address":"10.1.0.5/16"}]}'`,
    );
    const { call } = invocation(place);
    expect(await add(place, call)).toMatchObject({ ips: [{ address: "10.1.0.5/16" }] });
    expect(await Bun.file(`${place.folder}/stdin`).text()).toBe(STDIN);
    expect((await Bun.file(`${place.folder}/cwd`).text()).trim()).toBe(place.folder);
    expect(place.calls()[0]?.env).toEqual({
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_PATH: "bin",
      CNI_X: "kept",
    });
    expect(place.stderr).toEqual(["note\n"]);
    await delegateCall(place.runtime.host, "ipam", "GC", call);
    expect(place.calls().at(-1)?.env["CNI_COMMAND"]).toBe("GC");
  });

  const failing: [name: string, script: string, error: object][] = [
    [
      "says why",
      `echo '{"code":11,"msg":"full","details":"d"}'; exit 1`,
      { code: 11, message: 'plugin "ipam" failed: full', details: "d" },
    ],
    [
      "prints garbage and fails",
      "echo garbage; exit 2",
      {
        code: 100,
        message: 'plugin "ipam" failed: netplugin failed but error parsing its diagnostic message "garbage\\n"',
      },
    ],
    ["prints a list and fails", "echo []; exit 2", { code: 100 }],
    ["prints an error without text", `echo '{"code":7}'; exit 1`, { code: 100 }],
    [
      "prints garbage and succeeds",
      "echo garbage",
      { code: 6, message: 'plugin "ipam" failed: cannot decode the result of plugin "ipam": not JSON' },
    ],
    [
      "says nothing",
      "exit 5",
      { code: 100, message: 'plugin "ipam" failed: netplugin failed with no error message: exit status 5' },
    ],
    [
      "only complains",
      "echo oh dear >&2; exit 5",
      { code: 100, message: 'plugin "ipam" failed: netplugin failed: "oh dear": exit status 5' },
    ],
    [
      "dies by a signal",
      "kill -9 $$",
      { code: 100, message: 'plugin "ipam" failed: netplugin failed with no error message: signal: SIGKILL' },
    ],
  ];
  for (const [name, script, error] of failing)
    test(`that ${name} gets a DEL, and its error comes through`, async () => {
      using place = makePlace();
      place.plugin("ipam", `[ $CNI_COMMAND = DEL ] || { ${script}; }`);
      expect(await add(place, invocation(place).call)).toMatchObject(error);
      expect(place.calls().map((call) => call.verb)).toEqual(["ADD", "DEL"]);
    });

  test("whose DEL fails too: the first error counts, the second is noted", async () => {
    using place = makePlace();
    place.plugin("ipam", `echo '{"code":100,"msg":"no '$CNI_COMMAND'"}'; exit 1`);
    const { call, notes } = invocation(place);
    expect(await add(place, call)).toMatchObject({ message: 'plugin "ipam" failed: no ADD' });
    expect(notes).toEqual(["DEL of ipam after its failed ADD: no DEL"]);
  });

  test("that is missing, or no program", async () => {
    using place = makePlace();
    const { call } = invocation(place);
    expect(await add(place, call)).toMatchObject({
      code: 7,
      message: expect.stringContaining('failed to find plugin "ipam"'),
    });
    place.write("bin/ipam", "");
    expect(await add(place, call)).toMatchObject({ code: 100, details: expect.stringContaining("EACCES") });
  });

  test("with a lot to say, and that does not read", async () => {
    using place = makePlace();
    const path = place.plugin("ipam", "");
    writeFileSync(path, "#!/bin/sh\nhead -c 1000000 /dev/zero | tr '\\0' x >&2; echo '{}'\n");
    const { call } = invocation(place);
    expect(await add(place, { ...call, stdin: new Uint8Array(5_000_000) })).toMatchObject({ ips: [] });
    expect(place.stderr[0]).toHaveLength(1_000_000);
  });
});

describe("a file that is being written", () => {
  /** A real program, opened for writing: execve(2) gives ETXTBSY. */
  function busyPlugin(place: Place): { path: string; release: () => void } {
    const path = `${place.folder}/bin/ipam`;
    copyFileSync("/bin/true", path);
    chmodSync(path, 0o755);
    const fd = openSync(path, "r+");
    return { path, release: () => closeSync(fd) };
  }
  test("is tried six times, a second apart", async () => {
    using place = makePlace();
    const { path, release } = busyPlugin(place);
    const call = { path, variables: {}, stdin: new Uint8Array() };
    const error = await invokePlugin(place.runtime.host, call).catch((e: unknown) => e);
    release();
    expect(error).toMatchObject({ code: 11, message: `cannot execute plugin "${path}"` });
    expect(place.sleeps).toEqual([1000, 1000, 1000, 1000, 1000]);
  });
  test("works as soon as it is done", async () => {
    using place = makePlace();
    const { path, release } = busyPlugin(place);
    const sleep = async (): Promise<void> => release();
    const host = { ...place.runtime.host, sleep };
    expect(await invokePlugin(host, { path, variables: {}, stdin: new Uint8Array() })).toEqual(new Uint8Array());
  });
});

for (const [name, script] of [
  ["a plugin that hangs", "echo half; exec sleep 7"],
  ["a plugin that waits for a child", "sleep 7; true"],
] as const)
  test(`${name} is given up after the time limit`, async () => {
    using place = makePlace();
    const path = place.plugin("slow", `echo $$ > pid; ${script}`);
    const begin = performance.now();
    const call = { path, variables: {}, stdin: new Uint8Array(), timeoutMs: 300 };
    const error = await invokePlugin(place.runtime.host, call).catch((e: unknown) => e);
    expect(`${(error as Error).message} ${(error as CniError).details}`).toContain("no answer within 300 ms");
    expect(performance.now() - begin).toBeLessThan(5000);
    const pid = (await Bun.file(`${place.folder}/pid`).text()).trim();
    await Bun.sleep(50);
    expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
  });

test("a plugin that leaves a daemon behind has answered when it exits", async () => {
  using place = makePlace();
  const path = place.plugin("dhcp", `sleep 7 & echo $! > pid; echo '{}'`);
  const begin = performance.now();
  const call = { path, variables: {}, stdin: new Uint8Array(), timeoutMs: 5000 };
  expect(new TextDecoder().decode(await invokePlugin(place.runtime.host, call))).toBe("{}\n");
  expect(performance.now() - begin).toBeLessThan(3000);
  const pid = Number(await Bun.file(`${place.folder}/pid`).text());
  process.kill(pid, "SIGKILL"); // throws when it is gone
});

test("a plugin that opens its streams by path is heard", async () => {
  using place = makePlace();
  const path = place.plugin("paths", `echo oh > /dev/stderr; echo '{}' > /dev/stdout`);
  const output = await invokePlugin(place.runtime.host, { path, variables: {}, stdin: new Uint8Array() });
  expect([new TextDecoder().decode(output), place.stderr]).toEqual(["{}\n", ["oh\n"]]);
});

for (const waiting of ["here", "aside"] as const)
  test(`a program runs ${waiting}: variables without a value are left out`, async () => {
    const env = { A: "1", B: undefined, C: "" };
    const call = { path: "/usr/bin/env", env, cwd: undefined, stdin: new Uint8Array(), timeoutMs: 5000 };
    const output = await nativeExec(loadNative(), waiting)(call);
    expect({ ...output, stdout: new TextDecoder().decode(output.stdout) }).toEqual({
      stdout: "A=1\nC=\n",
      stderr: "",
      failure: undefined,
    });
  });
