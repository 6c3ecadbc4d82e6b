import { describe, expect, test } from "bun:test";
import type { CniError } from "../../src/cni/errors.ts";
import type { JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { type BridgeConf, parse } from "./config.ts";
import { portVlans } from "./port.ts";

const conf = (raw: JsonObject): NetworkConfig => ({ cniVersion: "1.0.0", name: "n", type: "bridge", raw });
const parsed = (raw: JsonObject): BridgeConf => parse(conf(raw), { lenient: false });

describe("keys of bridge", () => {
  test("defaults are the reference's", () => {
    expect(parsed({})).toMatchObject({
      bridge: "cni0",
      isGateway: false,
      isDefaultGateway: false,
      forceAddress: false,
      ipMasq: false,
      mtu: 0,
      hairpin: false,
      promisc: false,
      vlans: { pvid: 0, trunk: [], keepDefault: false },
      macSpoofCheck: false,
      dad: false,
      containerDown: false,
      isolated: false,
      ipamType: undefined,
      mac: undefined,
      dns: undefined,
    });
  });

  const taken: [JsonObject, Partial<BridgeConf>][] = [
    [{ isDefaultGateway: true }, { isGateway: true, isDefaultGateway: true }],
    [
      { BRIDGE: "br9", MTU: 1400 },
      { bridge: "br9", mtu: 1400 },
    ],
    [{ bridge: "" }, { bridge: "cni0" }],
    [{ hairpinMode: true }, { hairpin: true }],
    [{ vlan: 100 }, { vlans: { pvid: 100, trunk: [], keepDefault: false } }],
    [
      { vlanTrunk: [{ id: 5 }, { minID: 7, maxID: 9 }, { id: 1, minID: 2, maxID: 2 }] },
      {
        vlans: {
          pvid: 0,
          trunk: [
            { min: 5, max: 5 },
            { min: 7, max: 9 },
            { min: 1, max: 1 },
            { min: 2, max: 2 },
          ],
          keepDefault: false,
        },
      },
    ],
    [{ ipam: {} }, { ipamType: undefined }],
    [{ ipam: { type: "static" } }, { ipamType: "static" }],
    [{ args: { cni: { mac: "02:00:00:00:00:0A" } } }, { mac: "02:00:00:00:00:0a" }],
    [
      { args: { cni: { mac: "02:00:00:00:00:0a" } }, runtimeConfig: { mac: "02-00-00-00-00-0b" } },
      { mac: "02:00:00:00:00:0b" },
    ],
    [{ dns: { nameservers: [] } }, { dns: undefined }],
    [{ ipMasqBackend: "iptables" }, {}],
  ];
  for (const [raw, want] of taken) test(JSON.stringify(raw), () => expect(parsed(raw)).toMatchObject(want));

  const refused: [JsonObject, string][] = [
    [{ bridge: 5 }, 'key "bridge": need a string, have 5'],
    [{ bridge: "a".repeat(16) }, 'key "bridge": need an interface name'],
    [{ bridge: "a/b" }, 'key "bridge": need an interface name'],
    [{ bridge: "a\0b" }, 'key "bridge": need an interface name'],
    [{ bridge: "\ud800" }, 'key "bridge": need an interface name'],
    [{ mtu: 67 }, 'key "mtu": need 0, or an integer from 68 to 65535, have 67'],
    [{ isGateway: "yes" }, 'key "isGateway": need true or false, have "yes"'],
    [{ mtu: -1 }, 'key "mtu": need an integer from 0 to 65535, have -1'],
    [{ mtu: 1500.5 }, 'key "mtu"'],
    [{ vlan: 4095 }, 'key "vlan": need an integer from 0 to 4094, have 4095'],
    [{ vlanTrunk: [{}] }, 'key "vlanTrunk": need id, or minID with maxID'],
    [{ vlanTrunk: [{ id: 0 }] }, 'key "vlanTrunk[0].id": need an integer from 1 to 4094, have 0'],
    [{ vlanTrunk: [{ minID: 5 }] }, 'key "vlanTrunk[0].maxID": need both minID and maxID'],
    [{ vlanTrunk: [{ minID: 5, maxID: 4 }] }, 'key "vlanTrunk[0].maxID": need at least minID (5)'],
    [{ hairpinMode: true, promiscMode: true }, 'keys "hairpinMode" and "promiscMode" exclude each other'],
    [
      { disableContainerInterface: true, ipam: { type: "static" } },
      'keys "disableContainerInterface" and "ipam" exclude',
    ],
    [{ ipMasqBackend: "ebtables" }, 'key "ipMasqBackend": need "iptables" or "nftables"'],
    [{ runtimeConfig: { mac: "01:00:5e:00:00:01" } }, 'key "runtimeConfig.mac": need a unicast MAC address'],
    [{ ipam: "host-local" }, 'key "ipam": need an object'],
  ];
  for (const [raw, message] of refused)
    test(`${JSON.stringify(raw)} is refused`, () => {
      const error = attempt(() => parsed(raw));
      expect(error).toMatchObject({ code: 7 });
      expect(error?.message).toContain(message);
    });

  test("DEL and GC read past all of these", () => {
    for (const [raw] of refused) expect(() => parse(conf(raw), { lenient: true })).not.toThrow();
    expect(parse(conf({ bridge: "a\0b" }), { lenient: true }).bridge).toBe("cni0");
  });
});

function attempt(work: () => unknown): CniError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as CniError;
  }
}

test("a port gets the VLANs of the config and loses the kernel's default", () => {
  const port = (pvid: number, keepDefault: boolean, ...trunk: { min: number; max: number }[]) =>
    portVlans({ pvid, trunk, keepDefault });
  expect(port(100, false)).toEqual([{ vid: 100, pvid: true, untagged: true }]);
  expect(port(100, true)).toEqual([
    { vid: 100, pvid: true, untagged: true },
    { vid: 1, untagged: true },
  ]);
  expect(port(0, false, { min: 5, max: 5 }, { min: 7, max: 9 })).toEqual([
    { vid: 1, pvid: true, untagged: true },
    { vid: 5 },
    { vid: 7, end: 9 },
  ]);
});
