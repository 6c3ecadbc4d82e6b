import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { hostVethName, isHostVethName, MAX_COMMENT, ownerMark, ownerOf, parseOwnerMark } from "./owner.ts";

const attachment = { network: "net", containerId: "c1", ifName: "eth0" };

test("hashes are SHA-512 over network, and over all three with NUL between them", () => {
  const hex = (text: string) => createHash("sha512").update(text).digest("hex");
  expect(ownerOf(attachment)).toEqual({
    network: hex("net").slice(0, 16),
    attachment: hex("net\0c1\0eth0").slice(0, 32),
  });
});

test("networks and containers whose names run together have owners of their own", () => {
  const owners = [
    { network: "a", containerId: "b-c", ifName: "eth0" },
    { network: "a-b", containerId: "c", ifName: "eth0" },
    { network: "a", containerId: "b-c", ifName: "eth1" },
  ].map((a) => ownerOf(a).attachment);
  expect(new Set(owners).size).toBe(3);
});

test("a mark fits its place, names its owner and is cut between characters", () => {
  const long = { ...attachment, containerId: "ü".repeat(200) };
  const mark = ownerMark(long, MAX_COMMENT);
  expect(new TextEncoder().encode(mark).length).toBeLessThanOrEqual(MAX_COMMENT);
  expect(mark).not.toContain("\uFFFD");
  expect(parseOwnerMark(mark)).toEqual(ownerOf(long));
});

test("text that is not ours names nobody", () => {
  for (const text of [undefined, "", "tsnet1", "tsnet2 0123456789abcdef 0123456789abcdef0123456789abcdef x", "eth0"])
    expect(parseOwnerMark(text)).toBeUndefined();
});

test("host veth names are 15 bytes and never the reference's", () => {
  const name = hostVethName(ownerOf(attachment));
  expect(name).toHaveLength(15);
  expect(isHostVethName(name)).toBe(true);
  expect(isHostVethName("veth01234567")).toBe(false);
});
