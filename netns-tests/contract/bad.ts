import { expect } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CniCommand, JsonObject } from "../../src/cni/types.ts";
import type { PluginCall } from "../support/plugin.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import { expectError } from "./answers.ts";
import { eachOf } from "./each-of.ts";
import { type Bench, leftovers, makeBench, makeNetwork, type Network } from "./network.ts";
import { callRaw, configOf } from "./raw.ts";
import { subject } from "./subjects/index.ts";

/** Rows of bad input, those that several plugins share, and what each row must get: an error of its code, and no change. */

export interface Bad {
  readonly name: string;
  /** ADD by default. */
  readonly commands?: readonly CniCommand[];
  /** Keys over those of a good config, or stdin as it is. */
  readonly conf?: JsonObject | string | ((network: Network) => JsonObject | string);
  /** Over the parameters of a good call. */
  readonly parameters?:
    | Partial<PluginCall>
    | ((network: Network) => Partial<PluginCall> | Promise<Partial<PluginCall>>);
  readonly code: number | readonly number[];
  readonly msg: RegExp;
  /** Before the first snapshot. */
  readonly prepare?: (network: Network, at: { netns: string }) => Promise<unknown>;
  /** What is there after it all the same. */
  readonly stays?: readonly RegExp[];
  readonly afterwards?: (network: Network) => void;
}

export const BOTH: readonly CniCommand[] = ["ADD", "CHECK"];
/** Without one CHECK looks no further. */
export const PREVIOUS: JsonObject = { prevResult: { cniVersion: "1.1.0", interfaces: [] } };

/** Of plugins that enter the namespace. */
export const NAMESPACE: readonly Bad[] = [
  {
    name: "a path that leads nowhere",
    commands: BOTH,
    conf: PREVIOUS,
    parameters: { netns: "/run/netns/none-such" },
    code: 8,
    msg: /none-such/,
  },
  {
    name: "a plain file",
    commands: BOTH,
    conf: PREVIOUS,
    parameters: { netns: "/etc/hostname" },
    code: 8,
    msg: /hostname/,
  },
  { name: "a folder", commands: BOTH, conf: PREVIOUS, parameters: { netns: "/etc" }, code: 8, msg: /etc/ },
  {
    name: "a namespace of another kind",
    commands: BOTH,
    conf: PREVIOUS,
    parameters: { netns: "/proc/self/ns/mnt" },
    code: 8,
    msg: /mnt/,
  },
  { name: "CHECK without prevResult", commands: ["CHECK"], code: 7, msg: /prevResult/ },
];

const ipam =
  (keys: JsonObject) =>
  (network: Network): JsonObject => ({
    ipam: { type: "host-local", dataDir: network.place.dataDir, ...keys },
  });

/** IPAM plugins of somebody else's, by what they do on ADD; each writes down what it was asked. */
const FOREIGN: Readonly<Record<string, string>> = {
  garbage: "echo 'not JSON at all'",
  silent: "true",
  dies: "kill -9 $$",
  fails: 'echo \'{"code":123,"msg":"no address today"}\'; exit 1',
  "fails-without-words": "exit 3",
  "gives-nothing": 'echo \'{"cniVersion":"1.1.0"}\'',
  "gives-garbage": 'echo \'{"cniVersion":"1.1.0","ips":[{"address":"10.1"}]}\'',
  "answers-twice": 'echo \'{"cniVersion":"1.1.0","ips":[]}{"code":1}\'',
};

function writeForeign(bench: Bench): string {
  const folder = join(bench.dataDir, "../plugins");
  mkdirSync(folder, { recursive: true });
  for (const [name, script] of Object.entries(FOREIGN)) {
    const path = join(folder, name);
    writeFileSync(
      path,
      `#!/bin/sh\ncat >/dev/null\necho "$CNI_COMMAND" >>${path}.calls\n[ "$CNI_COMMAND" = ADD ] || exit 0\n${script}\n`,
    );
    chmodSync(path, 0o755);
  }
  return folder;
}

export const foreign = (type: string, code: Bad["code"], msg: RegExp): Bad => ({
  name: `an IPAM plugin that ${type}`,
  conf: { ipam: { type } },
  parameters: ({ bench }) => ({ path: [join(bench.dataDir, "../plugins"), OURS_DIR ?? ""] }),
  code,
  msg,
  stays: [/^\+ file \S+\.calls /],
  // A delegate that failed is told to take back what it may have done.
  afterwards: ({ bench }) =>
    expect(readFileSync(join(bench.dataDir, `../plugins/${type}.calls`), "utf8")).toBe("ADD\nDEL\n"),
});

export const wrong = (keys: JsonObject, msg: RegExp, code: Bad["code"] = 7): Bad => ({
  name: JSON.stringify(keys),
  conf: keys,
  code,
  msg,
});

/** The same through bridge, in-process, and by host-local itself. */
export const HOST_LOCAL: readonly Bad[] = [
  { name: "no range", conf: ipam({}), code: 7, msg: /range|subnet/i },
  { name: "a subnet that is none", conf: ipam({ subnet: "10.1.0.0/33" }), code: 7, msg: /10\.1\.0\.0\/33/ },
  { name: "a subnet with host bits", conf: ipam({ subnet: "10.1.0.5/24" }), code: 7, msg: /10\.1\.0\.5\/24/ },
  { name: "a range that is too small", conf: ipam({ subnet: "10.1.0.0/31" }), code: 7, msg: /10\.1\.0\.0\/31/ },
  {
    name: "overlapping ranges",
    conf: ipam({ ranges: [[{ subnet: "10.1.0.0/24" }], [{ subnet: "10.1.0.128/25" }]] }),
    code: 7,
    msg: /overlap/i,
  },
  {
    name: "a set of both families",
    conf: ipam({ ranges: [[{ subnet: "10.1.0.0/24" }, { subnet: "fd00::/64" }]] }),
    code: 7,
    msg: /family|families/i,
  },
  { name: "ranges that are no lists", conf: ipam({ ranges: [{ subnet: "10.1.0.0/24" }] }), code: 7, msg: /ranges/ },
  { name: "a route that is none", conf: ipam({ subnet: "10.1.0.0/24", routes: [{ dst: "x" }] }), code: 7, msg: /"x"/ },
];

export const EXHAUSTED: Bad = {
  name: "an exhausted range",
  conf: ipam({ subnet: "10.88.1.0/30" }),
  prepare: async (network) => {
    const other = await network.newContainer("other");
    const parameters = { containerId: "other", netns: other.at.netns, ifName: "eth0" };
    const conf = configOf(network, ipam({ subnet: "10.88.1.0/30" })(network));
    expect(await callRaw(network, "ADD", conf, parameters)).toMatchObject({ code: 0 });
  },
  code: 11,
  msg: /no IP addresses available/,
};

/** One row, on a fresh host of its own. */
async function refuse(name: string, bad: Bad): Promise<void> {
  await using bench = await makeBench();
  const network = makeNetwork(bench, subject(name));
  await network.subject.prepare?.(network);
  writeForeign(bench);
  const { at } = await network.newContainer("one");
  await bad.prepare?.(network, at);
  const before = await bench.snapshot();
  const more = typeof bad.parameters === "function" ? await bad.parameters(network) : bad.parameters;
  const keys = typeof bad.conf === "function" ? bad.conf(network) : (bad.conf ?? {});
  const conf = typeof keys === "string" ? keys : configOf(network, keys);
  for (const command of bad.commands ?? ["ADD"]) {
    const parameters = { containerId: "one", netns: at.netns, ifName: "eth0", ...more };
    const answer = await callRaw(network, command, conf, parameters);
    const error = expectError(answer);
    expect([bad.code].flat()).toContain(error.code);
    expect(`${error.msg} ${error.details ?? ""}`).toMatch(bad.msg);
    expect(leftovers(before, await bench.snapshot(), { stays: bad.stays ?? [] })).toEqual([]);
  }
  bad.afterwards?.(network);
}

export const all = (name: string, rows: readonly Bad[]): Promise<void> =>
  eachOf(
    rows,
    (row) => row.name,
    (row) => refuse(name, row),
  );
