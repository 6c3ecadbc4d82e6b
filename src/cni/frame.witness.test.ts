import { describe, expect } from "bun:test";
import { lacksFile, testUnless } from "../../netns-tests/support/skip.ts";
import { ADD_ENV, type CallOutcome, callPlugin, recordingHandler } from "./testing/call.ts";
import type { CniResult } from "./types.ts";

/** The reference plugins of Debian's package `containernetworking-plugins` (1.1.1: up to CNI 1.0.0). */
const REFERENCE = "/usr/lib/cni/static";

function askReference(env: Record<string, string>, stdin: string): CallOutcome {
  const { exitCode, stdout, stderr } = Bun.spawnSync([REFERENCE], { env, stdin: new TextEncoder().encode(stdin) });
  return { exitCode: exitCode ?? -1, stdout: stdout.toString(), stderr: stderr.toString() };
}

const ipam = {
  type: "static",
  addresses: [{ address: "10.1.0.5/16", gateway: "10.1.0.1" }, { address: "FD00:0::5/64" }],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "fd01::/64", gw: "fd00::1" }],
  dns: { nameservers: ["1.1.1.1"], domain: "a<b" },
};
const answer: CniResult = {
  ips: [{ address: "10.1.0.5/16", gateway: "10.1.0.1" }, { address: "fd00::5/64" }],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "fd01::/64", gw: "fd00::1" }],
  dns: { nameservers: ["1.1.1.1"], domain: "a<b" },
};
const conf = (members: object): string => JSON.stringify({ name: "net", type: "static", ipam, ...members });

const lacksReference = lacksFile(REFERENCE);

describe("beside the reference plugin", () => {
  for (const cniVersion of ["", "0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0"])
    testUnless(lacksReference, `the same bytes for a result of version ${JSON.stringify(cniVersion)}`, async () => {
      const { handler } = recordingHandler({ add: async () => answer });
      const stdin = conf({ cniVersion });
      expect(await callPlugin(handler, { stdin })).toEqual(askReference(ADD_ENV, stdin));
    });

  testUnless(lacksReference, "the same lines about itself but for the release", async () => {
    const versions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"] as const;
    const { handler } = recordingHandler({ release: "version unknown", versions });
    expect(await callPlugin(handler, { env: {} })).toEqual(askReference({}, ""));
  });

  const sameErrors: [string, Record<string, string>, string][] = [
    ["missing variables", { CNI_COMMAND: "ADD" }, ""],
    ["missing variables of DEL", { CNI_COMMAND: "DEL", CNI_IFNAME: "eth0" }, ""],
    ["a bad container ID", { ...ADD_ENV, CNI_CONTAINERID: "a/b" }, conf({})],
    ["an interface name of dots", { ...ADD_ENV, CNI_IFNAME: ".." }, conf({})],
    ["no name", ADD_ENV, "{}"],
    ["null", ADD_ENV, "null"],
    ["a bad name", ADD_ENV, conf({ name: "<a&b>" })],
    ["an unknown command", { ...ADD_ENV, CNI_COMMAND: "FOO" }, conf({})],
    ["CHECK before its time", { ...ADD_ENV, CNI_COMMAND: "CHECK" }, conf({ cniVersion: "0.3.1" })],
    ["an unknown version", ADD_ENV, conf({ cniVersion: "9.9.9" })],
    ["keys in capitals", ADD_ENV, '{"NAME":"net","CNIVERSION":"9.9.9"}'],
    ["the last of two spellings", ADD_ENV, '{"name":"net","cniVersion":"0.4.0","CNIVERSION":"9.9.9"}'],
    ["the last of two spellings again", ADD_ENV, '{"name":"net","CNIVERSION":"0.4.0","cniVersion":"9.9.9"}'],
    ["null does not unset", ADD_ENV, '{"name":"net","cniVersion":"9.9.9","CNIVERSION":null}'],
  ];
  for (const [name, env, stdin] of sameErrors)
    testUnless(lacksReference, `the same bytes for ${name}`, async () => {
      const { handler } = recordingHandler({ versions: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"] });
      expect(await callPlugin(handler, { env, stdin })).toEqual(askReference(env, stdin));
    });

  const sameCodes: [string, Record<string, string>, string][] = [
    ["nothing on stdin", ADD_ENV, ""],
    ["half a document", ADD_ENV, "{"],
    ["a list", ADD_ENV, "[]"],
    ["text after the document", ADD_ENV, `${conf({})} x`],
    ["a byte order mark", ADD_ENV, `\ufeff${conf({})}`],
    ["a number as name", ADD_ENV, '{"name":3}'],
    ["an unknown command with nothing on stdin", { ...ADD_ENV, CNI_COMMAND: "FOO" }, ""],
    ["a long interface name", { ...ADD_ENV, CNI_IFNAME: "a".repeat(16) }, conf({})],
    ["an interface name with a space", { ...ADD_ENV, CNI_IFNAME: "a\u00a0b" }, conf({})],
    ["a number as version", ADD_ENV, conf({ cniVersion: 3 })],
    ["text as version on CHECK", { ...ADD_ENV, CNI_COMMAND: "CHECK" }, conf({ cniVersion: "x" })],
  ];
  for (const [name, env, stdin] of sameCodes)
    testUnless(lacksReference, `the same code for ${name}`, async () => {
      const { handler } = recordingHandler();
      const ours = JSON.parse((await callPlugin(handler, { env, stdin })).stdout);
      expect(ours.code).toBe(JSON.parse(askReference(env, stdin).stdout).code);
    });
});
