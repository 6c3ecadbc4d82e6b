/** GC removes what is not listed, all of it and nothing else. */
import { describe, expect } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import { settled } from "../support/snapshot.ts";
import { contractTest } from "./contract-test.ts";
import { leftovers, makeBench, makeNetwork, type Network } from "./network.ts";
import { callRaw, configOf, gcRaw } from "./raw.ts";
import type { Subject } from "./subject.ts";
import { SUBJECTS, subject } from "./subjects/index.ts";

const LIST = "cni.dev/valid-attachments";
/** What an early release called it; libcni sends both. */
const OLD_LIST = "cni.dev/attachments";

const entry = (containerID: string): JsonObject => ({ containerID, ifname: "eth0" });

async function expectGc(network: Network, keys: JsonObject, code: 0 | 7): Promise<void> {
  for (const answer of await gcRaw(network, keys)) {
    expect(answer.code).toBe(code === 0 ? 0 : 1);
    if (code === 0) expect(answer.stdout).toBe("");
    else expect(answer.json).toMatchObject({ code });
  }
}

/** Lists that are none: refused, and nothing changes. */
const REFUSED: readonly JsonObject[] = [
  {},
  { [LIST]: [entry("one")], [OLD_LIST]: [] },
  { [LIST]: [], [OLD_LIST]: [entry("one")] },
  { [LIST]: "none" },
  { [LIST]: [{ containerID: "one" }] },
  { [LIST]: [{ containerId: "", ifname: "eth0" }] },
  { [LIST]: [null] },
];

const EMPTY: readonly JsonObject[] = [
  { [LIST]: [] },
  { [LIST]: null },
  { [OLD_LIST]: [] },
  { [OLD_LIST]: null },
  { [LIST]: null, [OLD_LIST]: [] },
];

async function keepsAndRemoves(which: Subject): Promise<void> {
  await using bench = await makeBench();
  const network = makeNetwork(bench, which);
  await which.prepare?.(network);
  await network.attach("one");
  const withOne = await bench.snapshot();

  const two = await network.attach("two");
  const withBoth = await bench.snapshot();
  for (const keys of REFUSED) await expectGc(network, keys, 7);
  for (const list of [LIST, OLD_LIST]) await expectGc(network, { [list]: [entry("two"), entry("one")] }, 0);
  expect(leftovers(withBoth, await bench.snapshot(), { stays: [] })).toEqual([]);

  // The namespace of the one that goes still stands the first time, and is gone the second.
  await expectGc(network, { [LIST]: [entry("one")] }, 0);
  expect(leftovers(withOne, await bench.snapshot(), { stays: [] })).toEqual([]);
  await network.chain.add({ ...two.at, containerId: "three" });
  await two.sandbox[Symbol.asyncDispose]();
  await expectGc(network, { [LIST]: [entry("one")], [OLD_LIST]: [entry("one")] }, 0);
  expect(await settled(async () => leftovers(withOne, await bench.snapshot(), { stays: [] }))).toEqual([]);
}

async function leavesOthers(which: Subject): Promise<void> {
  await using bench = await makeBench();
  const [beside, under, own] = [
    makeNetwork(bench, which, { name: "a-b", index: 1 }),
    makeNetwork(bench, which, { name: "a_b", index: 2 }),
    makeNetwork(bench, which, { name: "a", index: 3 }),
  ];
  await which.prepare?.(own);
  // Of one container, on networks whose names begin alike.
  for (const network of [beside, under]) await network.attach("one");
  const before = await bench.snapshot();
  for (const keys of EMPTY) {
    await own.attach("one");
    await expectGc(own, keys, 0);
    expect(leftovers(before, await bench.snapshot(), which)).toEqual([]);
  }
  // Nothing of theirs is known to the network that was just emptied, so it names them in vain.
  await expectGc(own, { [LIST]: [entry("none")] }, 0);
  expect(leftovers(before, await bench.snapshot(), which)).toEqual([]);
}

/** An IPAM plugin of somebody else, which writes down what it is asked. */
const FOREIGN = `#!/bin/sh
dir=$(dirname "$0")
cat >"$dir/stdin.$CNI_COMMAND"
case $CNI_COMMAND in
  ADD) echo '{"cniVersion":"1.1.0","ips":[{"address":"10.88.1.50/24","gateway":"10.88.1.1"}]}' ;;
  GC) [ ! -e "$dir/gc-fails" ] || { echo '{"code":123,"msg":"foreign GC"}'; exit 1; } ;;
esac
`;

describe("GC", () => {
  const core = SUBJECTS.filter(({ variant }) => !variant);
  for (const which of core) {
    contractTest(`${which.name}: GC keeps what is listed, removes the rest, and refuses what is no list`, () =>
      keepsAndRemoves(which),
    );
    // Static addresses leave nothing, whatever the network.
    if (which.stays.length > 0 || which.makes.length > 0)
      contractTest(`${which.name}: GC of network "a" leaves those of "a-b" and "a_b" alone`, () => leavesOthers(which));
  }

  contractTest(
    "bridge: GC reaches a foreign IPAM plugin, whose failure surfaces after everything else is done",
    async () => {
      await using bench = await makeBench();
      const folder = join(bench.dataDir, "../plugins");
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "foreign"), FOREIGN);
      chmodSync(join(folder, "foreign"), 0o755);
      const path = [folder, OURS_DIR ?? ""];
      const network = makeNetwork(bench, subject("bridge with a gateway, v4"));
      const conf = configOf(network, { ipam: { type: "foreign" } });
      const { at } = await network.newContainer("one");
      const parameters = { path, containerId: at.containerId, netns: at.netns, ifName: "eth0" };
      const before = await bench.snapshot();

      expect(await callRaw(network, "ADD", conf, parameters)).toMatchObject({ code: 0 });
      const gc = { ...conf, [LIST]: [] };
      expect(await callRaw(network, "GC", gc, { path })).toMatchObject({ code: 0, stdout: "" });
      // The same document, whole (specification 1.1.0, section 4).
      expect(JSON.parse(readFileSync(join(folder, "stdin.GC"), "utf8"))).toEqual(gc);

      expect(await callRaw(network, "ADD", conf, parameters)).toMatchObject({ code: 0 });
      writeFileSync(join(folder, "gc-fails"), "");
      const failed = await callRaw(network, "GC", gc, { path });
      expect(failed).toMatchObject({ code: 1, json: { code: 123 } });
      expect(String(failed.json?.["msg"])).toContain("foreign GC");
      const ours = [/^[+~] file \S+\/plugins\//];
      expect(leftovers(before, await bench.snapshot(), network.subject, ours)).toEqual([]);
    },
  );
});
