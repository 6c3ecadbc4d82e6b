import { expect } from "bun:test";
import type { JsonObject } from "../../src/cni/types.ts";
import { testUnless } from "../support/skip.ts";
import { ping, reaches, serveAll } from "../support/traffic.ts";
import { type Container, first, lack, makeLab } from "./lab.ts";

/** VLANs of the bridge's ports: needs a kernel with bridge VLAN filtering. */

interface PortJson {
  ifname: string;
  vlans: { vlan: number; vlanEnd?: number; flags?: string[] }[];
}

const port = (c: Container): string => c.result.interfaces?.[1]?.name ?? "";

const ipam = (host: number): JsonObject => ({
  type: "static",
  addresses: [{ address: `10.55.0.${host}/24`, gateway: "10.55.0.1" }],
});

testUnless(lack, "containers of one VLAN reach each other and their gateway, those of another do not", async () => {
  await using lab = await makeLab({ vlan: 100, isGateway: true });
  const [a, b] = [await lab.attach("a"), await lab.attach("b")];
  const { vlans } = await first<PortJson>(lab.host, "bridge", "-j", "vlan", "show", "dev", port(a));
  expect(vlans).toEqual([{ vlan: 100, flags: ["PVID", "Egress Untagged"] }]);
  expect(a.result.interfaces?.[3]?.name).toBe("br0.100");
  expect(await ping(a.sandbox, b.v4)).toBe(true);
  expect(await ping(a.sandbox, "10.55.0.1")).toBe(true);
  await lab.chain.check(a.at);

  // A port of the same bridge in another VLAN.
  await lab.host.exec("bridge", "vlan", "del", "dev", port(b), "vid", "100");
  await lab.host.exec("bridge", "vlan", "add", "dev", port(b), "vid", "200", "pvid", "untagged");
  await using _server = await serveAll(b.sandbox, 7);
  expect(await reaches(a.sandbox, "tcp", b.v4, 7, { timeoutMs: 1_500 })).toBe(false);
  await expect(lab.chain.check(b.at)).rejects.toThrow(/VLAN 100/);
});

testUnless(lack, "a trunk passes its VLANs tagged, keeps VLAN 1 untagged, and drops others", async () => {
  await using lab = await makeLab({ vlanTrunk: [{ id: 5 }, { minID: 7, maxID: 9 }], ipam: ipam(2) });
  const a = await lab.attach("a");
  const { vlans } = await first<PortJson>(lab.host, "bridge", "-j", "vlan", "show", "dev", port(a));
  expect(
    vlans.flatMap((v) => Array.from({ length: (v.vlanEnd ?? v.vlan) - v.vlan + 1 }, (_, i) => v.vlan + i)),
  ).toEqual([1, 5, 7, 8, 9]);
  expect(vlans[0]?.flags).toEqual(["PVID", "Egress Untagged"]);
  await a.sandbox.exec("ip", "link", "add", "link", "eth0", "name", "eth0.7", "type", "vlan", "id", "7");
  await a.sandbox.exec("ip", "link", "set", "eth0.7", "up");
  await a.sandbox.exec("ip", "addr", "add", "192.0.2.2/24", "dev", "eth0.7");
  await lab.host.exec("ip", "link", "add", "link", "br0", "name", "br0.7", "type", "vlan", "id", "7");
  await lab.host.exec("bridge", "vlan", "add", "dev", "br0", "vid", "7", "self");
  await lab.host.exec("ip", "link", "set", "br0.7", "up");
  await lab.host.exec("ip", "addr", "add", "192.0.2.1/24", "dev", "br0.7");
  expect(await ping(a.sandbox, "192.0.2.1")).toBe(true);
});

testUnless(lack, "preserveDefaultVlan keeps VLAN 1 beside the port's own", async () => {
  await using lab = await makeLab({ vlan: 100, preserveDefaultVlan: true, ipam: ipam(2) });
  const a = await lab.attach("a");
  const { vlans } = await first<PortJson>(lab.host, "bridge", "-j", "vlan", "show", "dev", port(a));
  expect(vlans).toEqual([
    { vlan: 1, flags: ["Egress Untagged"] },
    { vlan: 100, flags: ["PVID", "Egress Untagged"] },
  ]);
});

testUnless(lack, "an existing bridge without VLAN filtering gets it when the config uses VLANs", async () => {
  await using lab = await makeLab({ vlan: 100, ipam: ipam(2) });
  await lab.host.exec("ip", "link", "add", "br0", "type", "bridge");
  await lab.attach("a");
  expect(await lab.host.exec("ip", "-d", "link", "show", "dev", "br0")).toContain("vlan_filtering 1");
});
