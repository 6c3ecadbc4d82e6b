import { describe, expect, test } from "bun:test";
import { CniError } from "./errors.ts";
import { ADD_ENV, type CallInput, callPlugin, recordingHandler } from "./testing/call.ts";
import { CNI_VERSIONS } from "./types.ts";

const conf = (members: object = {}): string =>
  JSON.stringify({ cniVersion: "1.0.0", name: "net", type: "static", ...members });
const env = (changes: Record<string, string>): Record<string, string> => ({ ...ADD_ENV, ...changes });
const prevResult = { cniVersion: "1.0.0", ips: [{ address: "10.1.0.5/16" }] };

test("without CNI_COMMAND the about text goes to stderr and all is well", async () => {
  const { handler } = recordingHandler();
  expect(await callPlugin(handler, { env: {} })).toEqual({
    exitCode: 0,
    stdout: "",
    stderr:
      "CNI static plugin v1.2.3\nCNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n",
  });
  expect((await callPlugin(handler, { env: {}, closed: true })).exitCode).toBe(0);
});

describe("VERSION", () => {
  test("is one compact line, and stdin is not read", async () => {
    const { handler } = recordingHandler({ versions: ["0.4.0", "1.0.0"] });
    expect(await callPlugin(handler, { env: { CNI_COMMAND: "VERSION" }, stdin: new Error("read") })).toEqual({
      exitCode: 0,
      stdout: '{"cniVersion":"1.1.0","supportedVersions":["0.4.0","1.0.0"]}\n',
      stderr: "",
    });
  });
  test("fails when nobody takes it", async () => {
    const { handler } = recordingHandler();
    expect((await callPlugin(handler, { env: { CNI_COMMAND: "VERSION" }, closed: true })).exitCode).toBe(1);
  });
});

describe("what bad input gets", () => {
  const rows: [name: string, code: number, msg: string, input: CallInput][] = [
    [
      "all missing variables at once",
      4,
      "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH] missing",
      { env: { CNI_COMMAND: "ADD" }, stdin: conf() },
    ],
    [
      "DEL needs no netns",
      4,
      "required env variables [CNI_CONTAINERID,CNI_IFNAME,CNI_PATH] missing",
      { env: { CNI_COMMAND: "DEL" } },
    ],
    ["GC only CNI_PATH", 4, "required env variables [CNI_PATH] missing", { env: { CNI_COMMAND: "GC" }, stdin: conf() }],
    [
      "a bad ID before missing ones",
      4,
      "invalid characters in containerID",
      { env: { CNI_COMMAND: "ADD", CNI_CONTAINERID: "a/b" } },
    ],
    ["a long interface name", 4, "interface name is too long", { env: env({ CNI_IFNAME: "a".repeat(16) }) }],
    [
      "environment before stdin",
      4,
      "required env variables [CNI_PATH] missing",
      { env: env({ CNI_PATH: "" }), stdin: "{" },
    ],
    ["stdin that cannot be read", 5, "error reading from stdin", { stdin: new Error("read: EFBIG: File too large") }],
    ["nothing on stdin", 6, "cannot decode the network configuration on stdin: it is empty", { stdin: "" }],
    ["half a document", 6, "cannot decode the network configuration on stdin: not JSON", { stdin: "{" }],
    ["a list", 6, "cannot decode the network configuration on stdin: need an object, have a list", { stdin: "[]" }],
    [
      "a number as name",
      6,
      'cannot decode the network configuration on stdin: key "name": need a string, have 3',
      { stdin: '{"name":3}' },
    ],
    ["null", 7, "missing network name", { stdin: "null" }],
    ["no name", 7, "missing network name", { stdin: "{}" }],
    [
      "a bad name before a bad version",
      7,
      "invalid characters found in network name",
      { stdin: conf({ name: "a/b", cniVersion: "9.9.9" }) },
    ],
    ["an unknown version", 1, "incompatible CNI versions", { stdin: conf({ cniVersion: "9.9.9" }) }],
    [
      "an unknown version on CHECK",
      1,
      "plugin version does not allow CHECK",
      { env: env({ CNI_COMMAND: "CHECK" }), stdin: conf({ cniVersion: "9.9.9" }) },
    ],
    [
      "text as version on CHECK",
      6,
      'cannot parse CNI version "x": need numbers like "1.0.0"',
      { env: env({ CNI_COMMAND: "CHECK" }), stdin: conf({ cniVersion: "x" }) },
    ],
    [
      "CHECK before 0.4.0",
      1,
      "config version does not allow CHECK",
      { env: env({ CNI_COMMAND: "CHECK" }), stdin: conf({ cniVersion: "0.3.1" }) },
    ],
    ["GC before 1.1.0", 1, "config version does not allow GC", { env: env({ CNI_COMMAND: "GC" }), stdin: conf() }],
    [
      "STATUS before 1.1.0",
      1,
      "config version does not allow STATUS",
      { env: env({ CNI_COMMAND: "STATUS" }), stdin: conf() },
    ],
    ["an unknown command", 4, "unknown CNI_COMMAND: FOO", { env: env({ CNI_COMMAND: "FOO" }), stdin: conf() }],
    ["a command in small letters", 4, "unknown CNI_COMMAND: add", { env: env({ CNI_COMMAND: "add" }), stdin: conf() }],
    [
      "GC without its list",
      7,
      'GC needs the list of valid attachments, key "cni.dev/valid-attachments"',
      { env: env({ CNI_COMMAND: "GC" }), stdin: conf({ cniVersion: "1.1.0" }) },
    ],
    [
      "CHECK without prevResult",
      7,
      'CHECK needs the result of ADD, key "prevResult"',
      { env: env({ CNI_COMMAND: "CHECK" }), stdin: conf() },
    ],
    ["text as prevResult", 7, 'key "prevResult": need an object, have "x"', { stdin: conf({ prevResult: "x" }) }],
    [
      "prevResult of another form",
      7,
      'key "prevResult.cniVersion": a result of version "0.4.0" cannot be read as 1.0.0',
      { stdin: conf({ prevResult: { cniVersion: "0.4.0" } }) },
    ],
    ["a netns that is missing", 8, 'CNI_NETNS "/run/netns/blue" does not exist', { stdin: conf(), netns: "missing" }],
    [
      "a netns that is a plain file",
      8,
      'CNI_NETNS "/run/netns/blue" is not a network namespace',
      { stdin: conf(), netns: "no-namespace" },
    ],
    [
      "the host's own netns",
      8,
      `CNI_NETNS "/run/netns/blue" is the plugin's own network namespace`,
      { stdin: conf(), netns: "own" },
    ],
    [
      "a netns that cannot be opened",
      8,
      'CNI_NETNS "/run/netns/blue" cannot be opened',
      { stdin: conf(), netns: "unknown" },
    ],
    [
      "CHECK with a missing netns",
      8,
      'CNI_NETNS "/run/netns/blue" does not exist',
      { env: env({ CNI_COMMAND: "CHECK" }), stdin: conf({ prevResult }), netns: "missing" },
    ],
    [
      "a relative netns in a deleted folder",
      8,
      'CNI_NETNS "blue" is relative, and the current folder is deleted',
      { env: env({ CNI_NETNS: "blue" }), stdin: conf(), cwd: undefined },
    ],
  ];
  for (const [name, code, msg, input] of rows) {
    test(`${name}: code ${code}, nothing done`, async () => {
      const { handler, calls } = recordingHandler();
      const { exitCode, stdout } = await callPlugin(handler, input);
      expect(JSON.parse(stdout)).toMatchObject({ code, msg });
      expect(stdout).toStartWith(`{\n    "code": ${code},\n    "msg": "`);
      expect(stdout).toEndWith('"\n}');
      expect([exitCode, calls]).toEqual([1, []]);
    });
  }
});

describe("what a handler is given", () => {
  test("everything of the attachment, and the bytes for a delegate", async () => {
    const { handler, requests, invocations } = recordingHandler();
    const stdin = `{"NAME":"net","CniVersion":"1.0.0","type":"static","prevResult":null,"x":[1]}`;
    const given = env({ CNI_NETNS: "ns/blue", CNI_ARGS: "A=1", CNI_PATH: "bin:/opt" });
    expect((await callPlugin(handler, { env: given, stdin })).exitCode).toBe(0);
    expect(requests).toEqual([
      {
        conf: { cniVersion: "1.0.0", name: "net", type: "static", raw: JSON.parse(stdin), prevResult: undefined },
        containerId: "c1",
        ifName: "eth0",
        netns: "/home/ns/blue",
        args: "A=1",
      },
    ]);
    const [call] = invocations;
    expect(new TextDecoder().decode(call?.stdin)).toBe(stdin);
    expect(call).toMatchObject({ command: "ADD", cwd: "/home", cniPath: ["/home/bin", "/opt"], env: given });
  });
  test("GC: the list", async () => {
    const { handler, requests } = recordingHandler();
    const stdin = conf({ cniVersion: "1.1.0", "cni.dev/valid-attachments": [{ containerID: "a", ifname: "b" }] });
    await callPlugin(handler, { env: { CNI_COMMAND: "GC", CNI_PATH: "/x", CNI_IFNAME: "a/b" }, stdin });
    expect(requests).toMatchObject([{ validAttachments: [{ containerID: "a", ifname: "b" }] }]);
  });
  for (const netns of ["missing", "no-namespace", "own"] as const)
    test(`DEL: no netns when it is ${netns}`, async () => {
      const { handler, requests } = recordingHandler();
      expect(await callPlugin(handler, { env: env({ CNI_COMMAND: "DEL" }), stdin: conf(), netns })).toEqual({
        exitCode: 0,
        stdout: "",
        stderr: "",
      });
      expect(requests).toMatchObject([{ netns: "" }]);
    });
  test("DEL: none when CNI_NETNS is empty", async () => {
    const { handler, requests } = recordingHandler();
    await callPlugin(handler, { env: env({ CNI_COMMAND: "DEL", CNI_NETNS: "" }), stdin: conf() });
    expect(requests).toMatchObject([{ netns: "" }]);
  });
  test("DEL: the path when nobody knows whether it is gone", async () => {
    const { handler, requests } = recordingHandler();
    await callPlugin(handler, { env: env({ CNI_COMMAND: "DEL" }), stdin: conf(), netns: "unknown" });
    expect(requests).toMatchObject([{ netns: "/run/netns/blue" }]);
  });
  test("DEL: goes on without a prevResult that nobody can read", async () => {
    const { handler, calls } = recordingHandler();
    const stdin = conf({ prevResult: { ips: 5 } });
    const outcome = await callPlugin(handler, { env: env({ CNI_COMMAND: "DEL" }), stdin });
    expect([outcome.exitCode, outcome.stdout, calls]).toEqual([0, "", ["del"]]);
    expect(outcome.stderr).toContain('static: DEL goes on without prevResult: key "prevResult.ips"');
  });
  test("CHECK: nothing at all when the config disables it", async () => {
    const { handler, calls } = recordingHandler();
    const given = env({ CNI_COMMAND: "CHECK" });
    expect((await callPlugin(handler, { env: given, stdin: conf({ disableCheck: "TRUE" }) })).exitCode).toBe(0);
    expect(calls).toEqual([]);
  });
  for (const value of ["1", "true", "TRUE"])
    test(`CNI_NETNS_OVERRIDE=${value} allows the host's own`, async () => {
      const { handler, requests } = recordingHandler();
      await callPlugin(handler, { env: env({ CNI_NETNS_OVERRIDE: value }), stdin: conf(), netns: "own" });
      expect(requests).toMatchObject([{ netns: "/run/netns/blue" }]);
    });
  test("a plugin that enters no netns takes any path, but not the host's own", async () => {
    const { handler, calls } = recordingHandler({ entersNetns: false });
    expect((await callPlugin(handler, { stdin: conf(), netns: "missing" })).exitCode).toBe(0);
    expect((await callPlugin(handler, { stdin: conf(), netns: "own" })).exitCode).toBe(1);
    expect(calls).toEqual(["add"]);
  });
});

describe("what comes back", () => {
  for (const cniVersion of CNI_VERSIONS)
    test(`ADD answers in ${cniVersion}`, async () => {
      const { handler } = recordingHandler();
      const { exitCode, stdout } = await callPlugin(handler, { stdin: conf({ cniVersion }) });
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout).cniVersion).toBe(cniVersion);
      expect(stdout).toContain("10.1.0.5/16");
    });
  test("a result its version cannot show is taken back", async () => {
    const { handler, calls } = recordingHandler({ add: async () => ({ interfaces: [{ name: "eth0" }] }) });
    const { exitCode, stdout } = await callPlugin(handler, { stdin: conf({ cniVersion: "0.2.0" }) });
    expect(JSON.parse(stdout)).toMatchObject({ code: 7, msg: "cannot convert: no valid IP addresses" });
    expect([exitCode, calls]).toEqual([1, ["del"]]);
  });
  test("a result nobody takes is taken back, with a non-zero exit", async () => {
    const { handler, calls, invocations } = recordingHandler();
    expect((await callPlugin(handler, { stdin: conf(), closed: true })).exitCode).toBe(1);
    expect([calls, invocations.map((call) => call.command)]).toEqual([
      ["add", "del"],
      ["ADD", "DEL"],
    ]);
  });
  test("a handler's CniError, as it is", async () => {
    const { handler } = recordingHandler({ del: () => Promise.reject(new CniError(11, "a <b>", "try & see")) });
    expect(await callPlugin(handler, { env: env({ CNI_COMMAND: "DEL" }), stdin: conf() })).toEqual({
      exitCode: 1,
      stdout: '{\n    "code": 11,\n    "msg": "a \\u003cb\\u003e",\n    "details": "try \\u0026 see"\n}',
      stderr: "",
    });
  });
  test("an error the mapping knows", async () => {
    const { handler } = recordingHandler({ add: () => Promise.reject(new RangeError("EBUSY")) });
    expect((await callPlugin(handler, { stdin: conf() })).stdout).toBe('{\n    "code": 100,\n    "msg": "EBUSY"\n}');
  });
  test("a bug is 999 in a line, its stack on stderr only", async () => {
    const { handler } = recordingHandler({
      add: () => {
        throw new TypeError("x is not a function\n    at foo (bar.ts:1:2)");
      },
    });
    const { exitCode, stdout, stderr } = await callPlugin(handler, { stdin: conf() });
    expect(JSON.parse(stdout)).toMatchObject({ code: 999, msg: "internal error: TypeError: x is not a function" });
    expect([exitCode, stdout.includes(".ts:"), stderr.includes("frame.test.ts")]).toEqual([1, false, true]);
  });
});
