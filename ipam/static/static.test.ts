import { describe, expect, test } from "bun:test";
import { CniError } from "../../src/cni/errors.ts";
import type { CniResult, CniVersion, JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { parseConf } from "./config.ts";
import { staticIpam } from "./index.ts";

interface Setting {
  readonly raw: JsonObject;
  readonly args?: string;
  readonly version?: CniVersion;
  readonly prevResult?: CniResult;
}

function request({ raw, args = "", version = "1.1.0", prevResult }: Setting) {
  const conf: NetworkConfig = { cniVersion: version, name: "net", type: "static", raw, prevResult };
  return { conf: parseConf(conf, { lenient: false }), containerId: "cid", ifName: "eth0", netns: "", args };
}

const addresses = (setting: Setting) =>
  (add(request(setting)).ips ?? []).map(({ address, gateway }) =>
    gateway === undefined ? address : `${address} ${gateway}`,
  );

function refusal(run: () => unknown): string {
  try {
    return `accepted: ${JSON.stringify(run())}`;
  } catch (error) {
    if (error instanceof CniError) return `${error.code} ${error.message}`;
    throw error;
  }
}

const ADDRESSES = [{ address: "10.1.0.5/24", gateway: "10.1.0.254" }, { address: "FD00::5/64" }];

describe("ADD", () => {
  test("gives addresses, routes and dns as configured", () => {
    const ipam = {
      addresses: ADDRESSES,
      routes: [{ dst: "0.0.0.0/0", gw: "10.1.0.1" }],
      dns: { nameservers: ["10.1.0.53"] },
    };
    const result = add(request({ raw: { ipam } }));
    expect(result.ips).toEqual([
      { address: "10.1.0.5/24", gateway: "10.1.0.254" },
      { address: "fd00::5/64", gateway: undefined },
    ]);
    expect(result.routes).toMatchObject([{ dst: "0.0.0.0/0", gw: "10.1.0.1" }]);
    expect(result.dns).toMatchObject({ nameservers: ["10.1.0.53"] });
  });

  test("CNI_ARGS are appended, and GATEWAY is for them alone", () => {
    const args = "IgnoreUnknown=1;X=1;IP=10.1.0.6/24, 10.9.0.6/16;GATEWAY=10.1.0.3,10.9.0.1,192.0.2.1";
    expect(addresses({ raw: { ipam: { addresses: [{ address: "10.1.0.5/24" }] } }, args })).toEqual([
      "10.1.0.5/24",
      "10.1.0.6/24 10.1.0.3",
      "10.9.0.6/16 10.9.0.1",
    ]);
  });

  test("args.cni.ips replace all, runtimeConfig.ips these again; what is replaced need not even be valid", () => {
    const raw: JsonObject = { ipam: { addresses: [{ address: "nonsense" }] }, args: { cni: { ips: ["10.2.0.5/24"] } } };
    expect(addresses({ raw, args: "IP=10.3.0.5/24" })).toEqual(["10.2.0.5/24"]);
    expect(addresses({ raw: { ...raw, runtimeConfig: { ips: ["10.4.0.5/24", "fd00::4/64"] } } })).toEqual([
      "10.4.0.5/24",
      "fd00::4/64",
    ]);
    expect(addresses({ raw: { ...raw, runtimeConfig: { ips: [] } } })).toEqual(["10.2.0.5/24"]);
  });

  test.each<[Setting, string]>([
    [{ raw: {} }, "7 IPAM config missing 'ipam' key"],
    [{ raw: { ipam: { addresses: [{}] } } }, '7 Cannot parse address "": no prefix length, expected ADDRESS/LENGTH'],
    [
      { raw: { ipam: { addresses: [{ address: "10.0.0.1/40" }] } } },
      '7 Cannot parse address "10.0.0.1/40": prefix length is 0..32',
    ],
    [
      { raw: { ipam: { addresses: [{ address: "10.0.0.1/8", gateway: "x" }] } } },
      '7 key "ipam.addresses[0].gateway": need an IP address, have "x"',
    ],
    [
      { raw: { ipam: {}, runtimeConfig: { ips: ["10.0.0.1"] } } },
      '7 Cannot parse address "10.0.0.1": no prefix length, expected ADDRESS/LENGTH',
    ],
    [
      { raw: { ipam: {} }, args: "IP=10.0.0.1" },
      '4 Cannot parse IP "10.0.0.1" in CNI_ARGS: no prefix length, expected ADDRESS/LENGTH',
    ],
    [{ raw: { ipam: {} }, args: "GATEWAY=x" }, '4 Cannot parse GATEWAY "x" in CNI_ARGS'],
    [{ raw: { ipam: {} }, args: "X=1" }, '4 ARGS: unknown args ["X=1"]'],
    [
      { raw: { ipam: { addresses: [{ address: "10.0.0.1/8" }] } }, args: "IP=10.0.0.2/8", version: "0.2.0" },
      "7 CNI version 0.2.0 does not support more than 1 address per family",
    ],
  ])("%j is refused: %s", (setting, message) => {
    expect(refusal(() => add(request(setting)))).toBe(message);
  });
});

describe("CHECK", () => {
  const raw: JsonObject = { ipam: { addresses: ADDRESSES } };
  const both = [
    { address: "10.1.0.5/24", gateway: "10.1.0.254" },
    { address: "fd00::5/64", gateway: "fd00::1" },
  ];
  test.each<[string, CniResult, string]>([
    ["all there", { ips: both }, "accepted: undefined"],
    ["one missing", { ips: both.slice(0, 1) }, "101 Address fd00::5/64 of eth0 is missing in the result"],
    [
      "another gateway",
      { ips: [{ address: "10.1.0.5/24", gateway: "10.1.0.1" }, ...both.slice(1)] },
      "101 Address 10.1.0.5/24 of eth0 has not the gateway 10.1.0.254",
    ],
    [
      "another length",
      { ips: [{ address: "10.1.0.5/16", gateway: "10.1.0.254" }, ...both.slice(1)] },
      "101 Address 10.1.0.5/24 of eth0 is missing in the result",
    ],
  ])("%s", (_, prevResult, message) => {
    expect(refusal(() => check(request({ raw, prevResult })))).toBe(message);
  });
});

test("DEL and GC read nothing of the config", () => {
  const conf: NetworkConfig = { cniVersion: "1.1.0", name: "net", type: "static", raw: { ipam: 5 } };
  expect(staticIpam.parse(conf, { lenient: true }).addresses).toEqual([]);
});
