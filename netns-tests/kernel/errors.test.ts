import { expect, test } from "bun:test";
import { lacksLinkKind, testUnless } from "../support/skip.ts";
import { makePair, makeWorld } from "./world.ts";

testUnless(lacksLinkKind("vxlan"), "an extended ack names the field in the request's own words", async () => {
  await using world = await makeWorld();
  const adding = world.kernel.link.add({ name: "vx7", info: { kind: "vxlan", data: { vni: 1 << 24, port: 4789 } } });
  await expect(adding).rejects.toMatchObject({
    name: "NetlinkError",
    op: 'RTM_NEWLINK "vx7"',
    code: "ERANGE",
    extack: { message: "VXLAN ID must be lower than 16777216", path: "attrs.linkInfo.data.vni" },
  });
});

test("a field of a veth's peer is named through the peer", async () => {
  await using world = await makeWorld();
  const long = await world.kernel.link
    .addVeth({ name: "v0", peer: { name: "a-name-of-more-than-15-bytes" } })
    .catch((e: unknown) => e);
  expect(long).toMatchObject({ code: expect.stringMatching(/ERANGE|EINVAL/), op: 'RTM_NEWLINK "v0"' });
  expect(String(long)).toContain("attrs.linkInfo.data.peer.attrs.ifname");
});

test("a value that the schema cannot write is refused before anything is sent", async () => {
  await using world = await makeWorld();
  const { v0 } = await makePair(world);
  const { link } = world.kernel;
  await expect(link.set(v0.index, { mtu: -1 })).rejects.toThrow("attrs.mtu: -1 is not an integer in 0..4294967295");
  await expect(link.set(v0.index, { address: "02:00" + ":zz" })).rejects.toThrow("attrs.address");
});

test("what the kernel misses is named", async () => {
  await using world = await makeWorld();
  const error = await world.kernel.link
    .add({ name: "vx7", info: { kind: "vxlan", data: { vni: 7, group: "239.1.1.1" } } })
    .catch((e: unknown) => e);
  expect(String(error)).toContain('RTM_NEWLINK "vx7"');
});
