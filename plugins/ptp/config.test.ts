import { describe, expect, test } from "bun:test";
import type { JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { type PtpConf, parse } from "./config.ts";

const conf = (raw: JsonObject): NetworkConfig => ({ cniVersion: "1.0.0", name: "n", type: "ptp", raw });
const parsed = (raw: JsonObject): PtpConf => parse(conf(raw), { lenient: false });
const ipam = { type: "host-local" };

describe("keys of ptp", () => {
  test("defaults are the reference's", () => {
    expect(parsed({ ipam })).toMatchObject({ ipMasq: false, mtu: 0, ipamType: "host-local", dns: undefined });
  });

  const taken: [JsonObject, Partial<PtpConf>][] = [
    [
      { IPMASQ: true, Mtu: 1400 },
      { ipMasq: true, mtu: 1400 },
    ],
    [{ mtu: 65_535 }, { mtu: 65_535 }],
    [{ ipMasqBackend: "iptables" }, {}],
    [{ ipMasqBackend: "nftables" }, {}],
    [{ ipMasqBackend: "" }, {}],
    [{ dns: { nameservers: ["192.0.2.53"] } }, { dns: { nameservers: ["192.0.2.53"] } }],
    [{ dns: {} }, { dns: undefined }],
  ];
  for (const [raw, want] of taken)
    test(JSON.stringify(raw), () => expect(parsed({ ipam, ...raw })).toMatchObject(want));

  const refused: [JsonObject, string][] = [
    [{ ipam: null }, 'key "ipam": need an object with a type'],
    [{ ipam: {} }, 'key "ipam.type": need the name of an IPAM plugin'],
    [{ ipam: { type: "" } }, 'key "ipam.type": need the name of an IPAM plugin'],
    [{ ipam: { type: 5 } }, 'key "ipam.type": need a string, have 5'],
    [{ ipam: [] }, 'key "ipam": need an object'],
    [{ mtu: 67 }, 'key "mtu": need 0, or an integer from 68 to 65535, have 67'],
    [{ mtu: -1 }, 'key "mtu": need an integer from 0 to 65535, have -1'],
    [{ mtu: 65_536 }, 'key "mtu"'],
    [{ mtu: "1400" }, 'key "mtu"'],
    [{ ipMasq: 1 }, 'key "ipMasq": need true or false, have 1'],
    [{ ipMasqBackend: "ebtables" }, 'key "ipMasqBackend": need "iptables" or "nftables"'],
    [{ ipMasqBackend: 1 }, 'key "ipMasqBackend": need a string'],
    [{ dns: 5 }, 'key "dns": need an object'],
  ];
  for (const [raw, message] of refused)
    test(`${JSON.stringify(raw)} is refused`, () => {
      expect(() => parsed({ ipam, ...raw })).toThrow(message);
      expect(() => parsed({ ipam, ...raw })).toThrow(expect.objectContaining({ code: 7 }));
    });

  test("DEL and GC read past all of these", () => {
    for (const [raw] of refused) expect(() => parse(conf({ ipam, ...raw }), { lenient: true })).not.toThrow();
    expect(parse(conf({}), { lenient: true }).ipamType).toBe("");
  });
});
