import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { loadNative } from "../../native/load.ts";
import { CniError } from "../../src/cni/errors.ts";
import type { CniResult, CniVersion, Json, JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { newDataDir } from "../store/testing/fixture.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { parseConf } from "./config.ts";
import { del } from "./del.ts";
import { gc } from "./gc.ts";
import { parseResolvConf } from "./resolv-conf.ts";
import { status } from "./status.ts";

const files = loadNative();

function netconf(raw: JsonObject, cniVersion: CniVersion = "1.1.0", prevResult?: CniResult): NetworkConfig {
  return { cniVersion, name: "net", type: "host-local", raw: { name: "net", ...raw }, prevResult };
}

interface Setting {
  readonly raw: JsonObject;
  readonly args?: string;
  readonly id?: string;
  readonly version?: CniVersion;
  readonly prevResult?: CniResult;
  readonly cwd?: string;
}

function request({ raw, args = "", id = "cid", version, prevResult }: Setting, lenient = false) {
  const conf = parseConf(netconf(raw, version, prevResult), { lenient });
  return { conf, containerId: id, ifName: "eth0", netns: "/run/netns/x", args };
}

const runAdd = async (setting: Setting) => add(request(setting), files, { cwd: setting.cwd });
const runDel = async (setting: Setting) => del(request(setting, true), files, { cwd: setting.cwd });
const runCheck = async (setting: Setting) => check(request(setting), files, { cwd: setting.cwd });

async function refusal(run: () => Promise<unknown>): Promise<string> {
  try {
    return `accepted: ${JSON.stringify(await run())}`;
  } catch (error) {
    if (error instanceof CniError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const addresses = (result: CniResult) => (result.ips ?? []).map(({ address, gateway }) => `${address} ${gateway}`);

describe("config", () => {
  const bad: [string, JsonObject, string][] = [
    ["no ipam", {}, "7 IPAM config missing 'ipam' key"],
    ["no ranges", { ipam: {} }, "7 no IP ranges specified"],
    [
      "prefix length",
      { ipam: { subnet: "10.1.0.0/33" } },
      '7 Cannot parse subnet "10.1.0.0/33": prefix length is 0..32',
    ],
    ["no subnet", { ipam: { ranges: [[{}]] } }, '7 Cannot parse subnet "": no prefix length, expected ADDRESS/LENGTH'],
    [
      "ranges not nested",
      { ipam: { ranges: [{ subnet: "10.1.0.0/24" }] } },
      '7 key "ipam.ranges[0]": need a list, have an object',
    ],
    [
      "gateway",
      { ipam: { ranges: [[{ subnet: "10.1.0.0/24", gateway: "10.1.0" }]] } },
      '7 key "ipam.ranges[0][0].gateway": need an IP address, have "10.1.0"',
    ],
    ["gateway's type", { ipam: { subnet: "10.1.0.0/24", gateway: 5 } }, '7 key "ipam.gateway": need a string, have 5'],
    ["too small", { ipam: { subnet: "10.1.0.0/31" } }, "7 Network 10.1.0.0/31 too small to allocate from"],
    [
      "overlap",
      { ipam: { subnet: "10.1.0.0/16", ranges: [[{ subnet: "10.1.2.0/24" }]] } },
      "7 Range 10.1.2.1-10.1.2.254 of set 1 overlaps with 10.1.0.1-10.1.255.254 of set 0",
    ],
    [
      "statusWhenFull",
      { ipam: { subnet: "10.1.0.0/24", statusWhenFull: "perhaps" } },
      '7 key "ipam.statusWhenFull": need "warn" or "fail", have "perhaps"',
    ],
    [
      "route",
      { ipam: { subnet: "10.1.0.0/24", routes: [{ dst: "0.0.0.0" }] } },
      '7 key "ipam.routes[0].dst": need an address with prefix length (no prefix length, expected ADDRESS/LENGTH), have "0.0.0.0"',
    ],
    [
      "lockTimeoutMs",
      { ipam: { subnet: "10.1.0.0/24", lockTimeoutMs: 0 } },
      '7 key "ipam.lockTimeoutMs": need an integer from 1 to 600000, have 0',
    ],
  ];
  test.each(bad)("%s is refused, and DEL works all the same", async (_, raw, message) => {
    using dir = newDataDir();
    const ipam = typeof raw["ipam"] === "object" ? { ...(raw["ipam"] as JsonObject), dataDir: dir.path } : undefined;
    const broken = ipam === undefined ? raw : { ...raw, ipam };
    expect(await refusal(() => runAdd({ raw: broken }))).toBe(message);
    expect(readdirSync(dir.path)).toEqual([]);
    if (ipam === undefined) return;
    await runAdd({ raw: { ipam: { subnet: "10.5.0.0/24", dataDir: dir.path } } });
    expect(readdirSync(`${dir.path}/net`)).toContain("10.5.0.2");
    await runDel({ raw: broken });
    expect(readdirSync(`${dir.path}/net`)).not.toContain("10.5.0.2");
  });

  test("one address per family below 0.3.0", async () => {
    const ipam: Json = { ranges: [[{ subnet: "10.1.0.0/24" }], [{ subnet: "10.2.0.0/24" }]] };
    expect(await refusal(() => runAdd({ raw: { ipam }, version: "0.2.0" }))).toBe(
      "7 CNI version 0.2.0 does not support more than 1 address per family",
    );
    expect(parseConf(netconf({ ipam }, "0.3.0"), { lenient: false }).sets.length).toBe(2);
  });

  test("keys count in any case", async () => {
    using dir = newDataDir();
    const raw: JsonObject = {
      IPAM: { DataDir: dir.path, Ranges: [[{ SUBNET: "10.1.0.0/24", RangeStart: "10.1.0.50" }]] },
    };
    expect(addresses(await runAdd({ raw }))).toEqual(["10.1.0.50/24 10.1.0.1"]);
  });

  test("relative paths begin at the caller's folder", async () => {
    using dir = newDataDir();
    const raw: JsonObject = { ipam: { dataDir: "leases", subnet: "10.1.0.0/24" } };
    await runAdd({ raw, cwd: dir.path });
    expect(readdirSync(`${dir.path}/leases/net`)).toContain("10.1.0.2");
    expect(await refusal(() => runAdd({ raw }))).toStartWith('7 Cannot resolve ipam.dataDir "leases"');
  });
});

describe("ADD", () => {
  test("sets come from the capability, the old form and ranges, in this order", async () => {
    using dir = newDataDir();
    const raw: JsonObject = {
      ipam: {
        dataDir: dir.path,
        subnet: "10.2.0.0/24",
        rangeStart: "10.2.0.20",
        gateway: "10.2.0.254",
        ranges: [[{ subnet: "fd00::/64" }]],
        routes: [{ dst: "0.0.0.0/0" }, { dst: "10.7.1.2/8", gw: "10.2.0.9", mtu: 1400 }],
      },
      runtimeConfig: { ipRanges: [[{ subnet: "10.1.0.0/24" }]] },
    };
    const result = await runAdd({ raw });
    expect(addresses(result)).toEqual(["10.1.0.2/24 10.1.0.1", "10.2.0.20/24 10.2.0.254", "fd00::2/64 fd00::1"]);
    expect(result.routes).toMatchObject([{ dst: "0.0.0.0/0" }, { dst: "10.7.1.2/8", gw: "10.2.0.9", mtu: 1400 }]);
    expect(result.interfaces).toBeUndefined();
  });

  test("requested addresses of all three kinds count together", async () => {
    using dir = newDataDir();
    const ranges: Json = [[{ subnet: "10.1.0.0/24" }], [{ subnet: "10.2.0.0/24" }], [{ subnet: "fd00::/64" }]];
    const raw: JsonObject = {
      ipam: { dataDir: dir.path, ranges },
      args: { cni: { ips: ["10.2.0.9/8"] } },
      runtimeConfig: { ips: ["fd00::9"] },
    };
    const args = "IgnoreUnknown=1;K8S_POD_NAME=x;IP=10.1.0.9/24";
    expect(addresses(await runAdd({ raw, args }))).toEqual([
      "10.1.0.9/24 10.1.0.1",
      "10.2.0.9/24 10.2.0.1",
      "fd00::9/64 fd00::1",
    ]);
    expect(await refusal(() => runAdd({ raw, args, id: "b" }))).toStartWith("11 requested IP address 10.1.0.9");
  });

  test.each([
    ["IP=10.1.0", '4 Cannot parse IP "10.1.0" in CNI_ARGS'],
    ["IP=10.9.0.1", "7 failed to allocate all requested IPs: 10.9.0.1"],
    ["IP=10.1.0.1", "7 requested ip 10.1.0.1 is subnet's gateway"],
    ["NO=1", '4 ARGS: unknown args ["NO=1"]'],
  ])("CNI_ARGS %p: %s", async (args, message) => {
    using dir = newDataDir();
    expect(await refusal(() => runAdd({ raw: { ipam: { dataDir: dir.path, subnet: "10.1.0.0/24" } }, args }))).toBe(
      message,
    );
  });

  test("resolvConf goes into the result; one that cannot be read is refused before anything is leased", async () => {
    using dir = newDataDir();
    writeFileSync(
      `${dir.path}/resolv`,
      "# c\n; c\nnameserver 10.0.0.53\nnameserver fd00::53 x\n search a.example b.example\ndomain c.example\noptions ndots:2 rotate\nsortlist\n",
    );
    const ipam = { dataDir: `${dir.path}/leases`, subnet: "10.1.0.0/24" };
    const result = await runAdd({ raw: { ipam: { ...ipam, resolvConf: `${dir.path}/resolv` } } });
    expect(result.dns).toEqual({
      nameservers: ["10.0.0.53", "fd00::53"],
      domain: "c.example",
      search: ["a.example", "b.example"],
      options: ["ndots:2", "rotate"],
    });
    const missing = { raw: { ipam: { ...ipam, resolvConf: `${dir.path}/none` } }, id: "b" };
    expect(await refusal(() => runAdd(missing))).toBe(`7 Cannot read ipam.resolvConf "${dir.path}/none"`);
    expect(readdirSync(`${dir.path}/leases/net`)).not.toContain("10.1.0.3");
    expect(parseResolvConf("")).toEqual({ nameservers: [], domain: undefined, search: [], options: [] });
  });
});

describe("CHECK", () => {
  test("wants every address of the result that is ours", async () => {
    using dir = newDataDir();
    const raw: JsonObject = {
      ipam: { dataDir: dir.path, ranges: [[{ subnet: "10.1.0.0/24" }], [{ subnet: "fd00::/64" }]] },
    };
    expect(await refusal(() => runCheck({ raw }))).toBe("101 Failed to find an address of container cid eth0");
    const prevResult = await runAdd({ raw });
    await runCheck({ raw, prevResult });
    await runCheck({ raw, prevResult: { ips: [...(prevResult.ips ?? []), { address: "192.0.2.1/24" }] } });
    await runAdd({ raw, id: "other" });
    expect(await refusal(() => runCheck({ raw, prevResult, id: "other" }))).toBe(
      "101 Address 10.1.0.2 fd00::2 of container other eth0 is not leased to it",
    );
  });
});

describe("GC and STATUS", () => {
  test("GC frees what is not listed, whatever the ranges say, and notes what is no lease", async () => {
    using dir = newDataDir();
    const raw: JsonObject = { ipam: { dataDir: dir.path, subnet: "10.1.0.0/24" } };
    for (const id of ["a", "b"]) await runAdd({ raw, id });
    writeFileSync(`${dir.path}/net/10.1.0.77`, "no lease at all");
    const notes: string[] = [];
    const conf = parseConf(netconf({ ipam: { dataDir: dir.path, subnet: 5 } }), { lenient: true });
    const validAttachments = [{ containerID: "a", ifname: "eth0" }];
    await gc({ conf, validAttachments }, files, { note: (line) => notes.push(line) });
    expect(readdirSync(`${dir.path}/net`).sort()).toEqual(["10.1.0.2", "10.1.0.77", "last_reserved_ip.0", "lock"]);
    expect(notes).toEqual([`${dir.path}/net: left alone, as their content is no lease: 10.1.0.77`]);
  });

  test("STATUS fails for a folder that cannot be, and only warns of a full range", async () => {
    using dir = newDataDir();
    const notes: string[] = [];
    const run = (ipam: JsonObject) =>
      refusal(async () => {
        const conf = parseConf(netconf({ ipam }), { lenient: false });
        await status({ conf }, files, { note: (line) => notes.push(line) });
        return "ready";
      });
    const ipam = { dataDir: `${dir.path}/leases`, subnet: "10.1.0.0/30" };
    expect(await run(ipam)).toBe('accepted: "ready"');
    // Ranges by capability alone: the runtime sends none with STATUS.
    expect(await run({ dataDir: `${dir.path}/leases` })).toBe('accepted: "ready"');
    expect(readdirSync(dir.path)).toEqual([]);
    await runAdd({ raw: { ipam } });
    expect(notes).toEqual([]);
    expect(await run(ipam)).toBe('accepted: "ready"');
    expect(notes).toEqual(["warning: no IP addresses available in 10.1.0.1-10.1.0.2"]);
    expect(await run({ ...ipam, statusWhenFull: "fail" })).toBe("50 no IP addresses available in 10.1.0.1-10.1.0.2");
    writeFileSync(`${dir.path}/file`, "");
    expect(await run({ ...ipam, dataDir: `${dir.path}/file` })).toBe(
      `50 Cannot write leases to "${dir.path}/file/net"`,
    );
  });

  test("STATUS reads no lease", async () => {
    using dir = newDataDir();
    const ipam = { dataDir: dir.path, subnet: "10.1.0.0/24" };
    for (let i = 0; i < 5; i++) await runAdd({ raw: { ipam }, id: `c${i}` });
    mkdirSync(`${dir.path}/net/10.1.0.200`); // somebody writes, so the index is not believed
    const read: string[] = [];
    const watched = {
      ...files,
      readFile(path: string, max: number) {
        read.push(path);
        return files.readFile(path, max);
      },
    };
    const conf = parseConf(netconf({ ipam }), { lenient: false });
    await status({ conf }, watched, { note: () => {} });
    expect(read.filter((path) => path.startsWith(dir.path))).toEqual([]);
  });
});
