import { describe, expect, test } from "bun:test";
import { CniError } from "../../src/cni/errors.ts";
import type { JsonObject } from "../../src/cni/types.ts";
import { parse, type TuningConf, wantedSettings } from "./config.ts";

const conf = (raw: JsonObject, lenient = false): TuningConf =>
  parse({ cniVersion: "1.1.0", name: "n", type: "tuning", raw }, { lenient });

const wanted = (raw: JsonObject, args = "") =>
  wantedSettings({ conf: conf(raw), containerId: "c", ifName: "eth0", netns: "/x", args });

test("all keys, and what says nothing", () => {
  const all = { mac: "02:00:00:00:00:0A", mtu: 1400, promisc: true, allmulti: false, txQLen: 0 };
  expect(wanted(all)).toEqual({ ...all, mac: "02:00:00:00:00:0a" });
  expect(wanted({})).toEqual({});
  // As in the reference these leave the link as it is.
  expect(wanted({ mac: "", mtu: 0, promisc: false, allmulti: null, txQLen: null, runtimeConfig: {} })).toEqual({});
  expect(conf({}).dataDir).toBe("/run/cni/tuning");
  expect(conf({ dataDir: "/x" }).dataDir).toBe("/x");
});

test("args.cni counts before the config, key by key", () => {
  const args = {
    cni: { mtu: 1300, allmulti: true, sysctl: { "net.ipv4.ip_forward": "0", "net.core.somaxconn": "9" } },
  };
  const raw = { mtu: 1400, txQLen: 5, allmulti: false, sysctl: { "net.ipv4.ip_forward": "1" }, args };
  expect(wanted(raw)).toEqual({ mtu: 1300, txQLen: 5, allmulti: true });
  expect(conf(raw).sysctls.map(({ key, value }) => [key, value])).toEqual([
    ["net.ipv4.ip_forward", "0"],
    ["net.core.somaxconn", "9"],
  ]);
  // However it is spelt, it is the same parameter.
  const spelt = { sysctl: { "net.ipv4.ip_forward": "1" }, args: { cni: { sysctl: { "net/ipv4/ip_forward": "0" } } } };
  expect(conf(spelt).sysctls.map(({ path, value }) => [path, value])).toEqual([["net/ipv4/ip_forward", "0"]]);
  expect(conf({ sysctl: { "net.ipv4.ip_forward": "1", "net/ipv4/ip_forward": "0x1" } }).sysctls.length).toBe(1);
  // Also without any in the config, where the reference crashes.
  expect(conf({ args }).sysctls.length).toBe(2);
});

test("the hardware address: config, CNI_ARGS, the runtime, args.cni, each before the one named first", () => {
  const [a, b, c, d] = ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:04"];
  expect(wanted({ mac: a }).mac).toBe(a);
  expect(wanted({ mac: a }, `IgnoreUnknown=1;MAC=${b};K8S_POD_NAME=x`).mac).toBe(b);
  expect(wanted({ mac: a, runtimeConfig: { mac: c } }, `MAC=${b}`).mac).toBe(c);
  expect(wanted({ mac: a, runtimeConfig: { mac: c }, args: { cni: { mac: d } } }, `MAC=${b}`).mac).toBe(d);
});

describe("refused", () => {
  const mac = ["x", "01:00:5e:00:00:01", "00:00:00:00:00:00", "02:00:00:00:00", 5];
  const rows: [keys: JsonObject, msg: RegExp][] = [
    ...mac.flatMap((value): [JsonObject, RegExp][] => [
      [{ mac: value }, /key "mac": need/],
      [{ runtimeConfig: { mac: value } }, /key "runtimeConfig\.mac": need/],
      [{ args: { cni: { mac: value } } }, /key "args\.cni\.mac": need/],
    ]),
    ...[-1, 1, 67, 1.5, "1500", true, 2 ** 31].map((value): [JsonObject, RegExp] => [
      { mtu: value },
      /key "mtu": need/,
    ]),
    ...[-1, 1.5, "5", 2 ** 32].map((value): [JsonObject, RegExp] => [{ txQLen: value }, /key "txQLen": need/]),
    ...["on", 1, []].flatMap((value): [JsonObject, RegExp][] => [
      [{ promisc: value }, /key "promisc": need true or false/],
      [{ allmulti: value }, /key "allmulti": need true or false/],
    ]),
    [{ args: { cni: { mtu: 5 } } }, /key "args\.cni\.mtu": need/],
    [{ args: { cni: 5 } }, /key "args\.cni": need an object/],
    [{ dataDir: 5 }, /key "dataDir": need a string/],
    [{ sysctl: [] }, /key "sysctl": need an object/],
    [{ sysctl: { "net.ipv4.ip_forward": 1 } }, /key "sysctl\.net\.ipv4\.ip_forward": need a string, have 1/],
    [
      { sysctl: { "net.ipv4.ip_forward": "1", "net/ipv4/ip_forward": "0" } },
      /keys "net\.ipv4\.ip_forward" and "net\/ipv4\/ip_forward" of sysctl are one parameter and have different values/,
    ],
    [
      { args: { cni: { sysctl: { "net/ipv4/ip_forward": "1", "net.ipv4.ip_forward": "0" } } } },
      /are one parameter and have different values/,
    ],
    [{ sysctl: { "kernel.hostname": "x" } }, /key "sysctl\.kernel\.hostname": is outside net/],
    [
      { args: { cni: { sysctl: { "vm.swappiness": "0" } } } },
      /key "args\.cni\.sysctl\.vm\.swappiness": is outside net/,
    ],
    [
      { sysctl: Object.fromEntries(Array.from({ length: 513 }, (_, i) => [`net.x${i}`, "1"])) },
      /key "sysctl": 513 entries/,
    ],
  ];
  test.each(rows)("%j", (keys, msg) => {
    try {
      conf(keys);
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      expect(error.code).toBe(7);
      expect(error.message).toMatch(msg);
      // A clean-up must not stop at it.
      expect(conf(keys, true).name).toBe("n");
      return;
    }
    throw new Error("not refused");
  });

  test.each([
    ["MAC=x", /MAC "x" is no unicast/],
    ["MAC=01:00:5e:00:00:01", /no unicast/],
    ["COLOUR=blue", /unknown args/],
    ["MAC", /invalid pair/],
  ])("CNI_ARGS %s", (args, msg) => {
    expect(() => wanted({}, args)).toThrow(msg);
  });
});
