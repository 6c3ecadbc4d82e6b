/** The record of what was: full and read-only file systems, and an end between writing and renaming. */
import { expect } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPlugin, PLUGIN_PATH } from "../support/plugin-dirs.ts";
import { must } from "../support/run.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { difference, lacks, makeWorld, type World } from "./world.ts";

const KEYS = { mtu: 1400, sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" } };
const OTHER = { mtu: 1300, sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" } };
const OK = { code: 0, stderr: "" };
const FOLLOWS = /^net\.ipv6\.conf\.eth0\.mtu:/;

const changes = async (world: World, before: Map<string, string>): Promise<string[]> =>
  difference(before, await world.state()).filter((line) => !FOLLOWS.test(line));

/** The record's folder as a file system of its own, until it is disposed of. */
async function mounted({ dataDir }: World, options: string): Promise<AsyncDisposable> {
  mkdirSync(dataDir);
  await must(["mount", "-t", "tmpfs", "-o", options, "tmpfs", dataDir]);
  return { [Symbol.asyncDispose]: async () => void (await must(["umount", dataDir])) };
}

testUnless(lacks, "a full disk: ADD says so and changes nothing; with room again all goes on", async () => {
  await using world = await makeWorld();
  await using _ = await mounted(world, "size=8k");
  const before = await world.state();
  const ballast = join(world.dataDir, "ballast");
  writeFileSync(ballast, new Uint8Array(8192));
  const refused = await world.call("ADD", KEYS);
  expect(refused.code).toBe(1);
  expect(JSON.stringify(refused.json)).toContain("ENOSPC");
  expect(String(refused.json?.["msg"])).toContain("write down what was");
  expect(await changes(world, before)).toEqual([]);
  expect(readdirSync(world.dataDir)).toEqual(["ballast"]);

  await must(["rm", ballast]);
  expect(await world.call("ADD", KEYS)).toMatchObject(OK);
  const record = readFileSync(join(world.dataDir, "one_eth0.json"), "utf8");
  const tuned = await world.state();
  writeFileSync(ballast, new Uint8Array(4096));
  expect(await world.call("ADD", OTHER)).toMatchObject({ code: 1 });
  expect(difference(tuned, await world.state())).toEqual([]);
  expect(readFileSync(join(world.dataDir, "one_eth0.json"), "utf8")).toBe(record);
  // DEL needs no room.
  expect(await world.call("DEL", KEYS)).toMatchObject(OK);
  expect(await changes(world, before)).toEqual([]);
  expect(readdirSync(world.dataDir)).toEqual(["ballast"]);
});

testUnless(
  lacks,
  "a read-only file system: ADD changes nothing, DEL puts back and asks to be called again",
  async () => {
    await using world = await makeWorld();
    await using _ = await mounted(world, "size=64k");
    const before = await world.state();
    const remount = (how: "ro" | "rw") => must(["mount", "-o", `remount,${how}`, world.dataDir]);
    await remount("ro");
    const refused = await world.call("ADD", KEYS);
    expect(refused.code).toBe(1);
    expect(JSON.stringify(refused.json)).toContain("EROFS");
    expect(await changes(world, before)).toEqual([]);
    await remount("rw");
    expect(await world.call("ADD", KEYS)).toMatchObject(OK);
    await remount("ro");
    const kept = await world.call("DEL", KEYS);
    expect(kept.code).toBe(1);
    expect(JSON.stringify(kept.json)).toContain("EROFS");
    expect(await changes(world, before)).toEqual([]);
    await remount("rw");
    expect(await world.call("DEL", KEYS)).toMatchObject(OK);
    expect(await changes(world, before)).toEqual([]);
    expect(readdirSync(world.dataDir)).toEqual([]);
  },
);

/** ADD, killed as it is about to rename what it has written. */
async function killedAtRename({ host, dataDir, sandbox }: World, keys: typeof KEYS): Promise<void> {
  const interfaces = [{ name: "eth0", sandbox: sandbox.path }];
  const conf = { cniVersion: "1.1.0", name: "lab", type: "tuning", dataDir, prevResult: { interfaces }, ...keys };
  const inject = "inject=rename,renameat,renameat2:error=EIO:signal=SIGKILL";
  const ran = await host.run(
    ["strace", "-f", "-qq", "-o", "/dev/null", "-e", inject, findPlugin("tuning", PLUGIN_PATH)],
    {
      stdin: JSON.stringify(conf),
      env: {
        PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
        CNI_PATH: PLUGIN_PATH.join(":"),
        ...{ CNI_COMMAND: "ADD", CNI_CONTAINERID: "one", CNI_NETNS: sandbox.path, CNI_IFNAME: "eth0" },
      },
    },
  );
  expect(ran).toMatchObject({ code: 137, stdout: "" });
}

testUnless(
  [...lacks, lacksCommand("strace")],
  "killed between writing and renaming: GC removes what is left",
  async () => {
    await using world = await makeWorld();
    const before = await world.state();
    expect(await world.call("ADD", KEYS)).toMatchObject(OK);
    const [tuned, record] = [await world.state(), readFileSync(join(world.dataDir, "one_eth0.json"), "utf8")];
    await killedAtRename(world, OTHER);
    const left = readdirSync(world.dataDir).toSorted();
    expect(left).toEqual([expect.stringMatching(/^\.tsnet-[0-9a-f]{16}\.tmp$/), "one_eth0.json"]);
    expect(readFileSync(join(world.dataDir, String(left[0])), "utf8")).not.toBe("");
    // Nothing was set before it was written down; the earlier ADD's record counts.
    expect(difference(tuned, await world.state())).toEqual([]);
    expect(readFileSync(join(world.dataDir, "one_eth0.json"), "utf8")).toBe(record);
    const valid = [{ containerID: "one", ifname: "eth0" }];
    expect(await world.call("GC", { "cni.dev/valid-attachments": valid })).toMatchObject(OK);
    expect(readdirSync(world.dataDir)).toEqual(["one_eth0.json"]);
    expect(await world.call("DEL", KEYS)).toMatchObject(OK);
    expect(await changes(world, before)).toEqual([]);
    expect(readdirSync(world.dataDir)).toEqual([]);
  },
);
