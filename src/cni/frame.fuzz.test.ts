import { expect, test } from "bun:test";
import fc from "fast-check";
import { ADD_ENV, callPlugin, recordingHandler } from "./testing/call.ts";
import { CNI_VERSIONS, type CniCommand } from "./types.ts";

const COMMANDS: CniCommand[] = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"];

const value = fc.oneof(fc.string(), fc.constant(""), fc.constantFrom("/", ".", "a/b", "eth0", "a;b=", "1"));
const env = fc
  .tuple(
    fc.option(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...COMMANDS) }, value), { nil: undefined }),
    fc.dictionary(fc.constantFrom(...Object.keys(ADD_ENV), "CNI_ARGS", "CNI_NETNS_OVERRIDE"), value, { maxKeys: 2 }),
  )
  .map(([command, changes]) => ({ ...ADD_ENV, ...changes, CNI_COMMAND: command ?? "" }));

const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(null, {}, [], "", 0, -1, 1e300, true));
const address = fc.oneof(fc.constantFrom("10.1.0.5/16", "fd00::5/64", "10.1.0.5", "::/129", ""), odd);
const entry = fc.dictionary(
  fc.constantFrom(
    "name",
    "mac",
    "address",
    "gateway",
    "interface",
    "dst",
    "gw",
    "mtu",
    "table",
    "ip",
    "routes",
    "version",
  ),
  fc.oneof(address, odd),
);
const result = fc.dictionary(
  fc.constantFrom("cniVersion", "interfaces", "ips", "routes", "dns", "ip4", "ip6", "IPS"),
  fc.oneof(odd, entry, fc.array(entry, { maxLength: 3 }), fc.constantFrom(...CNI_VERSIONS)),
);
const config = fc
  .tuple(
    fc.constantFrom<string | undefined>(...CNI_VERSIONS, "", "9.9.9", "x", undefined),
    fc.dictionary(
      fc.constantFrom(
        "name",
        "NAME",
        "cniVersion",
        "type",
        "prevResult",
        "disableCheck",
        "ipam",
        "__proto__",
        "constructor",
        "cni.dev/valid-attachments",
        "cni.dev/attachments",
      ),
      fc.oneof(odd, result, fc.array(entry, { maxLength: 2 })),
      { maxKeys: 4 },
    ),
  )
  .map(([cniVersion, members]) => JSON.stringify({ cniVersion, name: "net", type: "x", ...members }));
const cut = fc.tuple(config, fc.nat(200)).map(([text, at]) => text.slice(0, at));
const stdin = fc.oneof(
  { weight: 6, arbitrary: config },
  cut,
  fc.uint8Array({ maxLength: 64 }),
  fc.json(),
  fc.string({ unit: "binary" }),
);

/** Handlers that behave as badly as they can. */
const bad = fc.constantFrom<unknown>(
  undefined,
  new TypeError("boom\n    at x (y.ts:1:1)"),
  "text",
  null,
  Symbol("s"),
  new Error(""),
);

test("whatever comes in: one JSON document, a result or an error, never a stack in msg", async () => {
  await fc.assert(
    fc.asyncProperty(
      env,
      stdin,
      fc.constantFrom("foreign", "foreign", "own", "missing", "no-namespace", "unknown"),
      fc.option(fc.constant("/home"), { nil: undefined }),
      fc.option(bad, { nil: "none" }),
      async (variables, text, netns, cwd, thrown) => {
        const { handler } = recordingHandler(thrown === "none" ? {} : { add: () => Promise.reject(thrown) });
        const { exitCode, stdout } = await callPlugin(handler, { env: variables, stdin: text, netns, cwd });
        if (exitCode !== 0) {
          const error: unknown = JSON.parse(stdout);
          expect(error).toEqual(expect.objectContaining({ code: expect.any(Number), msg: expect.any(String) }));
          expect(error).not.toHaveProperty("cniVersion");
          const { msg, code } = error as { msg: string; code: number };
          expect(msg.includes("\n") || /\.ts:\d/.test(msg) || msg.length > 2000).toBe(false);
          if (thrown === "none") expect(code).not.toBe(999);
        } else if (stdout !== "") {
          expect(JSON.parse(stdout)).toHaveProperty("cniVersion");
          expect(JSON.parse(stdout)).not.toHaveProperty("code");
        }
      },
    ),
    { numRuns: 3000 },
  );
});
