/** Packets too large for the way out, and what decides about packets but is not evaluated. */
import { expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { lack, makeLab, makeWebLab, plants } from "./lab.ts";

plants(
  "the way out takes less than containers send",
  "mtu-too-large",
  async ({ host }) => {
    await host.exec("ip", "link", "set", "lan0", "mtu", "1400");
  },
  { also: ({ faults }) => expect(faults[0]?.sentence).toContain("packets of 1500 bytes, and lan0 takes 1400") },
);

testUnless(
  lack,
  "doctor names mtu-too-large on a vxlan network: the link below has no room for it any more",
  async () => {
    await using lab = await makeLab();
    const peers = [
      { address: "192.0.2.1", subnets: ["10.244.1.0/24"] },
      { address: "192.0.2.2", subnets: ["10.244.2.0/24"] },
    ];
    const list = (more: object) => [
      { type: "vxlan", vni: 42, peers, dev: "lan0", ipam: { type: "host-local", dataDir: lab.w.leases }, ...more },
    ];
    await lab.w.network("blue", list({}));
    await lab.add("blue", "c1");
    await lab.expectFaults();
    await lab.host.exec("ip", "link", "set", "lan0", "mtu", "1400");
    const said = await lab.expectFaults("mtu-too-large");
    expect(said.faults[0]?.sentence).toBe(
      "ov42 of network blue takes packets of 1450 bytes, and lan0 below it has room for 1350",
    );
    // What sync would change follows from it.
    expect(said.faults[0]?.consequences.map(({ fault }) => fault)).toEqual(["vxlan-device"]);
    await lab.w.network("blue", list({ mtu: 1450 }));
    const planned = await lab.expectFaults("mtu-too-large");
    expect(planned.faults[0]?.consequences[0]?.sentence).toContain('key "mtu": 1450 cannot fit: the largest is 1350');
  },
);

testUnless(lack, "doctor names vxlan-device: the overlay's config cannot be followed any more", async () => {
  await using lab = await makeLab();
  const list = (more: object) => [
    { type: "vxlan", vni: 42, ipam: { type: "host-local", dataDir: lab.w.leases }, ...more },
  ];
  const peers = [{ address: "192.0.2.1", subnets: ["10.244.1.0/24"] }];
  await lab.w.network("blue", list({ peers }));
  await lab.add("blue", "c1");
  await lab.expectFaults();
  await lab.w.network("blue", list({ peers, dev: "gone0" }));
  const said = await lab.expectFaults("vxlan-device");
  expect(said.faults[0]?.sentence).toContain('there is no link "gone0"');
  await lab.w.network("blue", list({ peers: "many" }));
  await lab.expectFaults("vxlan-device");
});

testUnless(
  lack,
  "doctor cannot tell which way packets take where ip rule chooses another table, and says so",
  async () => {
    await using lab = await makeWebLab();
    await lab.host.exec("ip", "rule", "add", "from", "10.38.0.0/24", "lookup", "77", "priority", "100");
    await lab.host.exec("ip", "-6", "rule", "add", "fwmark", "5", "iif", "br0", "unreachable", "priority", "200");
    const said = await lab.doctor();
    expect({ code: said.code, faults: said.faults }).toEqual({ code: 0, faults: [] });
    expect(said.cannot_tell).toEqual([
      {
        sentence: expect.stringContaining("which way the packets of containers take"),
        evidence: ["IPv4 rule 100: from 10.38.0.0/24 table 77", "IPv6 rule 200: iif br0 fwmark 5 unreachable"],
      },
    ]);
    await lab.host.exec("ip", "rule", "del", "priority", "100");
    await lab.host.exec("ip", "-6", "rule", "del", "priority", "200");
    await lab.expectFaults();
  },
);

testUnless(
  lack,
  "doctor finds a container's default route in a table of its own, as the plugin sbr puts it",
  async () => {
    await using lab = await makeWebLab();
    await lab.c1.exec("ip", "route", "del", "default");
    await lab.c1.exec("ip", "route", "add", "default", "via", "10.38.0.1", "table", "100");
    await lab.expectFaults("no-default-route");
    await lab.c1.exec("ip", "rule", "add", "from", "10.38.0.2", "table", "100");
    await lab.expectFaults();
  },
);
