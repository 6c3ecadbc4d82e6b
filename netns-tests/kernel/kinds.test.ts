import { expect } from "bun:test";
import type { LinkKind } from "../../src/netlink/rtnl/index.ts";
import { lacksLinkKind, testUnless } from "../support/skip.ts";
import { makePair, makeWorld } from "./world.ts";

interface Row {
  readonly info: LinkKind & { kind: string };
  /** What `ip -d -j link` says under linkinfo.info_data. */
  readonly witness: Record<string, unknown>;
  readonly lower?: boolean;
}

const ROWS: readonly Row[] = [
  {
    info: { kind: "bridge", data: { ageingTimeCs: 500, mcastSnooping: 0 } },
    witness: { ageing_time: 500, mcast_snooping: 0 },
  },
  { info: { kind: "macvlan", data: { mode: "private" } }, witness: { mode: "private" }, lower: true },
  { info: { kind: "macvtap", data: { mode: "vepa" } }, witness: { mode: "vepa" }, lower: true },
  {
    info: { kind: "vxlan", data: { vni: 7, local: "10.0.0.1", port: 4790, learning: 0, ageing: 33 } },
    witness: { id: 7, local: "10.0.0.1", port: 4790, learning: false, ageing: 33 },
  },
  { info: { kind: "ifb" }, witness: {} },
  { info: { kind: "dummy" }, witness: {} },
  { info: { kind: "vrf", data: { table: 1234 } }, witness: { table: 1234 } },
  {
    info: { kind: "vlan", data: { id: 5, protocol: 0x88a8, egressQos: [{ from: 1, to: 2 }] } },
    witness: { id: 5, protocol: "802.1ad", egress_qos: [{ from: 1, to: 2 }] },
    lower: true,
  },
  { info: { kind: "ipvlan", data: { mode: "l3s", flags: 2 } }, witness: { mode: "l3s" }, lower: true },
];

for (const { info, witness, lower } of ROWS)
  testUnless(lacksLinkKind(info.kind), `makes a link of kind ${info.kind} and reads it back`, async () => {
    await using world = await makeWorld();
    const { v0 } = await makePair(world);
    const link = await world.kernel.link.add({ name: "new0", info, link: lower ? v0.index : undefined });
    expect(link.kind).toBe(info.kind);
    expect(link.info).toMatchObject(info as object);
    const [told] = await world.json("ip", "-j", "-d", "link", "show", "dev", "new0");
    expect(told).toMatchObject({ linkinfo: { info_kind: info.kind } });
    if (Object.keys(witness).length > 0) expect(told).toMatchObject({ linkinfo: { info_data: witness } });
    if (lower) expect(link.peerIndex).toBe(v0.index);
    await world.kernel.link.del(link.index);
    expect(await world.kernel.link.get("new0")).toBeUndefined();
  });

testUnless(undefined, "reads a tap that was made through /dev/net/tun", async () => {
  await using world = await makeWorld();
  await world.place.exec("ip", "tuntap", "add", "name", "tap0", "mode", "tap", "user", "1000");
  const tap = await world.kernel.link.get("tap0");
  expect(tap?.info).toMatchObject({ kind: "tun", data: { type: "tap", owner: 1000, persist: 1 } });
});

testUnless(undefined, "a kind that the kernel lacks is refused in its words", async () => {
  await using world = await makeWorld();
  const info = { kind: "unknown", kindName: "nosuchkind" } as const;
  await expect(world.kernel.link.add({ name: "new0", info })).rejects.toMatchObject({
    code: "EOPNOTSUPP",
    message: 'RTM_NEWLINK "new0": EOPNOTSUPP: Unknown device type',
  });
});
