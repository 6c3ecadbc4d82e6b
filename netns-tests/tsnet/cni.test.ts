import { expect } from "bun:test";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CniResult } from "../../src/cni/types.ts";
import { makeNetns, makeSandbox } from "../support/netns.ts";
import { hasReference, OURS_DIR, REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { ping } from "../support/traffic.ts";
import { asNobody, bridgeList, lacksTsnet, TSNET, workplace } from "./tsnet.ts";

const lacksReference = hasReference ? undefined : "the reference plugins are not installed";
const bridgeOnly = (w: { leases: string }) => bridgeList(w, ["10.31.0.0/24"]).slice(0, 1);
/** Stays after the last container: the bridge, shared parts of the rule set, forwarding, the allocator's own files. */
const SHARED = [
  / (link|addr|route) .*br0/,
  /nft (table|chain|map|set|rule)/,
  /sysctl/,
  /(lock|last_reserved_ip\.0|\/\.\S+) ?/,
  /netns t/,
];

const sets = [
  { name: "our plugins", path: [OURS_DIR ?? ""], version: "1.1.0", lacks: undefined },
  { name: "the reference's plugins", path: [REFERENCE_DIR], version: "1.0.0", lacks: lacksReference },
] as const;

for (const { name, path, version, lacks } of sets)
  testUnless([lacksTsnet, lacks], `tsnet cni add, check and del drive ${name}`, async () => {
    await using host = await makeNetns();
    await using blue = await makeSandbox();
    await using w = await workplace(host, path);
    await w.network("web", bridgeOnly(w), version);
    const before = await snapshot(host, { folders: [w.leases] });

    const result = JSON.parse(await w.must("cni", "add", "web", blue.path)) as CniResult & { cniVersion: string };
    expect(result.cniVersion).toBe(version);
    expect(result.ips?.[0]?.address).toBe("10.31.0.2/24");
    expect(await ping(host, "10.31.0.2")).toBe(true);
    // printf /run/netns/… | sha512sum | cut -c1-20
    const id = new Bun.CryptoHasher("sha512").update(blue.path).digest("hex").slice(0, 20);
    expect(await w.remembered()).toEqual([`web-cnitool-${id}-eth0`]);

    expect((await w.tsnet(["cni", "check", "web", blue.path])).stdout).toBe("");
    await blue.exec("ip", "addr", "flush", "dev", "eth0");
    const checked = await w.tsnet(["cni", "check", "web", blue.path, "--json"]);
    expect(checked.code).toBe(1);
    expect(JSON.parse(checked.stdout)).toHaveProperty("msg");

    await w.must("cni", "del", "web", blue.path);
    await w.must("cni", "del", "web", blue.path);
    expect(await w.remembered()).toEqual([]);
    expect(diff(before, await snapshot(host, { folders: [w.leases] }), { ignore: SHARED })).toEqual([]);
  });

testUnless(lacksTsnet, "cnitool's variables, a relative path, and options before them", async () => {
  await using host = await makeNetns();
  await using blue = await makeSandbox();
  await using w = await workplace(host);
  await w.network("web", bridgeOnly(w));
  const env = { CNI_IFNAME: "net1", CNI_ARGS: "IgnoreUnknown=1;MAC=02:00:00:00:00:07" };
  const name = blue.path.slice(blue.path.lastIndexOf("/") + 1);
  const added = await w.tsnet(["cni", "add", "web", name], { env, cwd: "/run/netns" });
  expect(added.stderr).toBe("");
  expect(await blue.exec("ip", "-j", "link", "show", "net1")).toContain("02:00:00:00:00:07");
  await w.must("cni", "add", "web", blue.path, "-i", "net2", "--args", "IgnoreUnknown=1");
  expect((await w.remembered()).map((file) => file.slice(-5))).toEqual(["-net1", "-net2"]);

  const wrong = await w.tsnet(["cni", "add", "web", blue.path], { env: { CNI_ARGS: "A" } });
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toContain('CNI_ARGS: invalid pair "A"');
});

testUnless(lacksTsnet, "gc detaches all that is not kept; like cnitool's it takes a namespace", async () => {
  await using host = await makeNetns();
  await using one = await makeSandbox();
  await using two = await makeSandbox();
  await using w = await workplace(host);
  await w.network("web", bridgeOnly(w));
  await w.must("cni", "add", "web", one.path, "--container-id", "one");
  await w.must("cni", "add", "web", two.path, "--container-id", "two");
  await w.must("cni", "gc", "web", "--keep", "two/eth0", "--json");
  expect(await w.remembered()).toEqual(["web-two-eth0"]);
  expect(await ping(host, "10.31.0.3")).toBe(true);
  expect(await one.exec("ip", "-j", "link")).not.toContain("eth0");
  await w.must("cni", "gc", "web", two.path);
  expect(await w.remembered()).toEqual([]);
  expect(await two.exec("ip", "-j", "link")).not.toContain("eth0");
});

testUnless(lacksTsnet, "failures say what was tried and what to do, without a stack", async () => {
  await using host = await makeNetns();
  await using w = await workplace(host);
  await w.network("web", bridgeOnly(w));
  await w.network("bad", [{ type: "bridge", mtu: "x" }]);
  const tried: [args: string[], says: RegExp, code: number][] = [
    [["cni", "add", "web", "/run/netns/absent"], /absent" does not exist \(code 8\)\n.*tsnet cni del web/s, 1],
    [["cni", "add", "web", host.path], /own network namespace \(code 8\)/, 1],
    [["cni", "status", "bad"], /key "mtu": need an integer.*\(code 7\)/, 1],
    [["cni", "status", "nix"], /no net configuration with name "nix".*\n {2}there are: bad, web\n/, 1],
    [["cni", "validate", "web", "--cni-path", "/nowhere"], /failed to find plugin "bridge"/, 1],
    [["cni", "check", "web", "/run/netns/absent"], /code \d+/, 1],
    [["cni", "add", "web", "/n", "--cap-args", "{"], /--cap-args/, 2],
  ];
  for (const [args, says, code] of tried) {
    const ran = await w.tsnet(args);
    expect(ran.stderr).toMatch(says);
    expect(ran).toMatchObject({ code, stdout: "" });
    expect(ran.stderr).not.toMatch(/^ {4}at /m);
  }
});

testUnless(lacksTsnet, "who is not root is told to be", async () => {
  await using host = await makeNetns();
  for (const word of ["ports ls", "repair --release"]) {
    const ran = await host.run(asNobody(...word.split(" ")));
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toMatch(/EPERM(.|\n)*this needs root/);
  }
});

testUnless(lacksTsnet, "status, validate, version and list; the command works in a deleted folder", async () => {
  await using host = await makeNetns();
  await using w = await workplace(host);
  await w.network("web", bridgeList(w, ["10.31.0.0/24"]));
  await w.network("old", bridgeOnly(w), "0.4.0");
  expect((await w.tsnet(["cni", "status", "web", "/run/netns/any"])).stderr).toBe('network "web" is ready\n');
  expect((await w.tsnet(["cni", "status", "old"])).stderr).toContain("its plugins were not asked");
  expect(await w.must("cni", "validate", "web")).toBe(
    'network "web" is fine: version 1.1.0, 2 plugins, capabilities portMappings\n',
  );
  expect(JSON.parse(await w.must("cni", "version", "--json"))).toMatchObject({
    portmap: { versions: expect.any(Array) },
  });
  expect(await w.must("cni", "list")).toMatch(/^web +1\.1\.0 +bridge → portmap +\S+web\.conflist$/m);

  const folder = await mkdtemp(join(tmpdir(), "gone-"));
  await mkdir(join(folder, "here"));
  const script = `cd ${folder}/here && rm -r ${folder} && exec ${TSNET} cni list --conf-dir`;
  expect(await host.exec("sh", "-c", `${script} ${w.confDir}`)).toContain("web.conflist");
  const relative = await host.run(["sh", "-c", `mkdir -p ${folder}/here; ${script} net.d`]);
  expect(relative).toMatchObject({ code: 2, stdout: "" });
  expect(relative.stderr).toContain("the current folder is deleted");
  await rm(folder, { recursive: true, force: true });
});
