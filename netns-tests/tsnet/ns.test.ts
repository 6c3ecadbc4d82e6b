import { expect } from "bun:test";
import { loadNative } from "../../native/load.ts";
import { RT_SCOPE } from "../../src/netlink/rtnl/route.const.ts";
import { readBrief } from "../../src/tsnet/look/brief.ts";
import { findNamespaces, readNamespace } from "../../src/tsnet/look/index.ts";
import { tsnet } from "../../src/tsnet/testing/surroundings.ts";
import { makeNetns } from "../support/netns.ts";
import { must, randomName, run } from "../support/run.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { buildNetwork, Dice, loadRuleset, randomRuleset } from "./topology.ts";
import { asNobody, lacksTsnet, TSNET } from "./tsnet.ts";

const lacks = [lacksRoot, lacksCommand("ip", "nft", "unshare", "python3")];
const ESC = "\u001b";

async function said(...args: string[]): Promise<string> {
  const { exit, out, err } = await tsnet(args);
  if (exit !== 0) throw new Error(`tsnet ${args.join(" ")}: exit ${exit}\n${err}`);
  return out;
}

interface Listed {
  name?: string;
  label: string;
  inode: number;
  links: string[];
  addresses: string[];
  processes: { pid: number; name: string }[];
}
const listed = async (): Promise<Listed[]> => JSON.parse(await said("ns", "ls", "--json")) as Listed[];

testUnless(lacks, "ns ls tells names, owners, links and addresses", async () => {
  await using place = await makeNetns();
  await place.exec("ip", "link", "add", "left", "type", "veth", "peer", "name", "right");
  await place.exec("ip", "addr", "add", "10.77.0.1/24", "dev", "left");
  await using child = holder(["unshare", "--net", "sleep", "60"]);
  const all = await until(async () => {
    const found = await listed();
    return found.some(({ processes }) => processes.some((p) => p.pid === child.pid && p.name === "sleep"))
      ? found
      : undefined;
  });
  expect(all.find(({ name }) => name === place.name)).toMatchObject({
    label: place.name,
    links: expect.arrayContaining(["left", "right"]),
    addresses: ["10.77.0.1/24"],
  });
  const text = await said("ns", "ls");
  expect(text).toMatch(/^NAMESPACE +OWNER +LINKS +ADDRESSES$/m);
  expect(text).toMatch(new RegExp(`^${place.name} .* 10\\.77\\.0\\.1/24$`, "m"));
  expect(text).toMatch(new RegExp(`sleep \\(process ${child.pid}\\)`));
});

testUnless(lacks, "the short way of reading for ns ls gives what the long way gives", async () => {
  await using place = await makeNetns();
  await using other = await makeNetns();
  await buildNetwork(new Dice(9), place, other);
  const native = loadNative();
  for (const ns of findNamespaces(native).namespaces.filter(({ name }) => name === place.name || name === other.name)) {
    const { linkNames, addrs } = await readNamespace({ native }, ns, ["linkNames", "addrs"]);
    const told = addrs?.filter(({ scope }) => scope !== RT_SCOPE.HOST && scope !== RT_SCOPE.LINK);
    expect(readBrief({ native }, ns)).toEqual({
      links: linkNames?.filter(({ loopback }) => !loopback).map(({ name }) => name) ?? [],
      addresses: told?.map(({ address, prefixLen }) => `${address}/${prefixLen}`) ?? [],
    });
    const stolen = { ...ns, identity: `${ns.identity}1` };
    expect(readBrief({ native }, stolen)).toBeUndefined();
  }
});

testUnless(lacks, "a namespace is named by name, path, process ID, and not by what is none", async () => {
  await using place = await makeNetns();
  await using child = holder(["nsenter", `--net=${place.path}`, "sleep", "60"]);
  await place.exec("ip", "link", "add", "here", "type", "bridge");
  await until(async () =>
    (await run(["readlink", `/proc/${child.pid}/ns/net`])).stdout ===
    (await place.exec("readlink", "/proc/self/ns/net"))
      ? true
      : undefined,
  );
  for (const name of [place.name, place.path, String(child.pid), `/proc/${child.pid}/ns/net`])
    expect(await said("link", "ls", "-n", name)).toMatch(/^here +bridge/m);
  const near = await tsnet(["link", "ls", "-n", `${place.name}x`]);
  expect(near).toMatchObject({ exit: 1, out: "" });
  expect(near.err).toContain(`did you mean ${place.name}?`);
  for (const [name, says] of [
    ["/nowhere", "there is no such file"],
    ["/etc/passwd", "it is no network namespace"],
    ["999999999", "no namespace, process, container or pod"],
    ["", "the namespace's name is empty"],
  ] as const) {
    const { exit, err } = await tsnet(["addr", "ls", "-n", name]);
    expect(exit).toBeGreaterThan(0);
    expect(err).toContain(says);
    expect(err).not.toContain("    at ");
  }
  expect((await tsnet(["link", "ls", "--all", "-n", "x"])).exit).toBe(2);
  const failed = await tsnet(["link", "ls", "-n", "/nowhere", "--json"]);
  expect(JSON.parse(failed.out)).toMatchObject({ code: 8, msg: expect.stringContaining("/nowhere") });
});

testUnless(lacks, "ns add and ns del make and remove what ip netns sees", async () => {
  const name = randomName("t");
  await said("ns", "add", name, "--up");
  try {
    expect(await must(["ip", "netns", "list"])).toContain(name);
    expect(await must(["ip", "-n", name, "-j", "link", "show", "up"])).toContain('"lo"');
    const twice = await tsnet(["ns", "add", name]);
    expect(twice).toMatchObject({ exit: 1, err: expect.stringContaining(`tsnet ns del ${name}`) });
    await using child = holder(["ip", "netns", "exec", name, "sleep", "60"]);
    await until(async () => ((await said("ns", "ls")).includes(`sleep (process ${child.pid})`) ? true : undefined));
    const used = await tsnet(["ns", "del", name]);
    expect(used).toMatchObject({ exit: 1, err: expect.stringContaining("is in use: sleep") });
    expect(await must(["ip", "netns", "list"])).toContain(name);
    await said("ns", "del", name, "--force");
    expect(await must(["ip", "netns", "list"])).not.toContain(name);
  } finally {
    await run(["ip", "netns", "del", name]);
  }
  expect((await tsnet(["ns", "del", name])).exit).toBe(1);
  for (const bad of ["", ".", "..", "a/b", "host", `a${ESC}b`, "x".repeat(256)])
    expect((await tsnet(["ns", "add", bad])).exit).toBe(2);
});

testUnless([...lacks, lacksTsnet], "ns exec runs in the namespace, with the command's own exit status", async () => {
  await using place = await makeNetns();
  await place.exec("ip", "link", "add", "here", "type", "bridge");
  const inside = await run([TSNET, "ns", "exec", place.name, "ip", "-br", "link", "show", "here"]);
  expect(inside).toMatchObject({ code: 0, stdout: expect.stringContaining("here") });
  expect(await run([TSNET, "ns", "exec", place.name, "sh", "-c", "exit 7"])).toMatchObject({ code: 7 });
  expect(await run([TSNET, "ns", "exec", place.name, "cat"], { stdin: "passed on" })).toMatchObject({
    stdout: "passed on",
  });
  expect(await run([TSNET, "ns", "exec", place.name, "pwd"], { cwd: "/usr" })).toMatchObject({ stdout: "/usr\n" });
  // Nothing of ours is left in it: signals, descriptors, variables.
  const left = "grep SigIgn /proc/self/status; ls /proc/self/fd | wc -l; env | grep TSNET_";
  const { stdout } = await run([TSNET, "ns", "exec", place.name, "bash", "-c", left]);
  expect(stdout).toMatch(/^SigIgn:\t0{16}\n[45]\n$/);
  expect(await run([TSNET, "ns", "exec", place.name, "no-such-command"])).toMatchObject({
    code: 127,
    stderr: expect.stringContaining('cannot execute "no-such-command": no such command'),
  });
  expect(await run([TSNET, "ns", "exec", place.name, "/etc/passwd"])).toMatchObject({ code: 126 });
});

testUnless(lacks, "looking changes nothing", async () => {
  const dice = new Dice(5);
  await using place = await makeNetns();
  await using other = await makeNetns();
  await buildNetwork(dice, place, other);
  await loadRuleset(place, randomRuleset(dice));
  // Links settle, and the kernel makes their own addresses, for a moment after they were switched on.
  await Bun.sleep(1500);
  const both = async () => [await snapshot(place), await snapshot(other)] as const;
  const looks = [
    ["ns", "ls"],
    ["ns", "inspect", place.name],
    ...["link", "addr", "route", "neigh", "fdb", "rule", "nft", "qdisc", "sockets"].map((word) => [
      word,
      "ls",
      "-n",
      place.name,
    ]),
    ...["link", "addr", "nft"].map((word) => [word, "ls", "--all"]),
  ];
  const inode = (await place.exec("stat", "-Lc", "%i", "/proc/self/ns/net")).trim();
  const locks = async () => (await run(["sh", "-c", `stat -c %n%z /run/tsnet/*-${inode}.lock`])).stdout;
  const taken = await locks();
  let before = await both();
  for (const look of looks) {
    await said(...look);
    await said(...look, "--json");
    const after = await both();
    // Elements of sets run out by themselves.
    const changed = [...diff(before[0], after[0]), ...diff(before[1], after[1])].filter(
      (line) => !/nft elem/.test(line),
    );
    expect({ look, changed }).toEqual({ look, changed: [] });
    before = after;
  }
  // Not even a lock was taken; others may have, in an earlier namespace of that number.
  expect(await locks()).toEqual(taken);
});

testUnless(lacks, "hostile names, aliases, comments and process names reach the terminal escaped", async () => {
  const evil = `${ESC}[2J${ESC}]0;owned\u0007`;
  const name = `t${randomName("x")}${evil}`.replaceAll("/", "");
  await must(["ip", "netns", "add", "plain-for-test"]).catch(() => "");
  await must(["ip", "netns", "add", name]);
  try {
    await must(["ip", "-n", name, "link", "add", `v${ESC}[31m`, "type", "bridge"]);
    await must(["ip", "-n", name, "link", "set", `v${ESC}[31m`, "alias", `alias ${evil}\u009b31m\u202e`]);
    const rule = `table inet t { set s { type ipv4_addr; elements = { 1.1.1.1 comment "${evil}" }; }\n chain c { accept comment "${evil}"\n } }`;
    await run(["ip", "netns", "exec", name, "nft", "-f", "-"], { stdin: rule });
    const code =
      "import ctypes,time;ctypes.CDLL(None).prctl(15,b'\\x1b[31mevil');print('ready',flush=True);time.sleep(60)";
    await using _child = holder(["unshare", "--net", "python3", "-c", code]);
    await until(async () => ((await said("ns", "ls")).includes("\\x1b[31mevil") ? true : undefined));
    for (const args of [
      ["ns", "ls"],
      ["ns", "ls", "--json"],
      ["ns", "inspect", name],
      ["ns", "inspect", name, "--json"],
      ["link", "ls", "-n", name],
      ["link", "ls", "--all", "--json"],
      ["nft", "ls", "-n", name],
      ["nft", "ls", "--all"],
      ["addr", "ls", "--all"],
      ["link", "ls", "-n", `${name}${evil}`],
    ]) {
      const { out, err } = await tsnet(args);
      expect({ args, found: /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.exec(out + err)?.[0] }).toEqual({
        args,
        found: undefined,
      });
    }
    expect(await said("link", "ls", "-n", name)).toContain("alias \\x1b[2J\\x1b]0;owned\\x07\\x9b31m\\u{202e}");
  } finally {
    await run(["ip", "netns", "del", name]);
    await run(["ip", "netns", "del", "plain-for-test"]);
  }
});

testUnless(
  [...lacks, lacksTsnet, lacksCommand("script")],
  "a narrow terminal gets lines that fit, a pipe whole ones",
  async () => {
    await using place = await makeNetns();
    await place.exec("ip", "link", "add", "here", "alias", "x".repeat(200), "type", "bridge");
    await place.exec("ip", "link", "set", "here", "alias", "x".repeat(200));
    const command = `${TSNET} link ls -n ${place.name}`;
    const terminal = (env: Record<string, string>) =>
      run(["script", "-qec", command, "/dev/null"], { env: { PATH: "/usr/bin:/bin", TERM: "xterm", ...env } });
    const narrow = await terminal({ COLUMNS: "60" });
    const lines = narrow.stdout.replaceAll("\r", "").trimEnd().split("\n");
    for (const line of lines) expect(Bun.stringWidth(line.replace(/\x1b\[\d+m/g, ""))).toBeLessThanOrEqual(60);
    expect(narrow.stdout).toContain("…");
    expect(narrow.stdout).toContain(`${ESC}[1m`);
    expect((await terminal({ NO_COLOR: "1" })).stdout).not.toContain(ESC);
    expect((await terminal({ TERM: "dumb" })).stdout).not.toContain(ESC);
    const piped = await run([...command.split(" ")]);
    expect(piped.stdout).toContain("x".repeat(200));
    expect(piped.stdout).not.toContain(ESC);
  },
);

function holder(cmd: readonly string[]): { pid: number } & AsyncDisposable {
  const child = Bun.spawn([...cmd], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  return {
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < 100; i++) {
    const found = await look();
    if (found !== undefined) return found;
    await Bun.sleep(20);
  }
  throw new Error("it did not come about");
}

testUnless(
  [...lacks, lacksTsnet, lacksCommand("setpriv")],
  "who is not root sees what there is to see, and is told what is not",
  async () => {
    await using place = await makeNetns();
    await using child = holder(["nsenter", `--net=${place.path}`, "sleep", "60"]);
    void child;
    const seen = await run(asNobody("ns", "ls"));
    expect(seen.code).toBe(0);
    expect(seen.stdout).toMatch(new RegExp(`^${place.name} +`, "m"));
    expect(seen.stderr).toMatch(/processes? may not be looked at: namespaces that only they hold are missing here/);
    expect(seen.stderr).toContain(`tsnet: ${place.name}: links: cannot be read: setns: EPERM`);
    const refused = await run(asNobody("link", "ls", "-n", place.name));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("this needs root");
    expect(refused.stderr).not.toContain("    at ");
    const entered = await run(asNobody("ns", "exec", place.name, "true"));
    expect({ code: entered.code, err: entered.stderr }).toMatchObject({
      code: 1,
      err: expect.stringContaining("setns: EPERM"),
    });
    expect(entered.stderr).toContain("this needs root");
    expect((await run(asNobody("link", "ls"))).stdout).toMatch(/^lo +loopback/m);
    const gc = await run(asNobody("ipam", "gc", "--yes"));
    expect({ code: gc.code, err: gc.stderr }).toMatchObject({
      code: 1,
      err: expect.stringContaining("this needs root"),
    });
  },
);
