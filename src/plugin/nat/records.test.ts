import { describe, expect, test } from "bun:test";
import { parseIp } from "../../ip/index.ts";
import { comment, newSet } from "../../netlink/nft/index.ts";
import { expectBytes } from "../../netlink/wire/golden.ts";
import { MAX_COMMENT, ownerMark, ownerOf } from "../owner.ts";
import {
  guardSlot,
  hairpinSlot,
  hostEnd,
  type Published,
  portSlot,
  privateSlot,
  publishedOf,
  targetBytes,
} from "./port-keys.ts";
import { recordOf } from "./records.ts";
import { contains } from "./shared.ts";
import { declareSet } from "./table.ts";

const attachment = { network: "blue", containerId: "c1", ifName: "eth0" };
const ip = (text: string) => {
  const parsed = parseIp(text);
  if (!parsed) throw new Error(text);
  return parsed;
};
const published = (more: Partial<Published> = {}): Published => ({
  family: 4,
  protocol: "tcp",
  hostPort: 8080,
  hostAddress: undefined,
  target: ip("10.1.0.5"),
  targetPort: 80,
  ...more,
});

describe("keys and data are what nft makes of the same words", () => {
  const hex = (bytes: Uint8Array) => bytes.toHex();
  test("IPv4", () => {
    const p = published({ hostAddress: ip("127.0.0.1"), protocol: "udp" });
    expect(hex(portSlot(published()).key)).toBe("060000001f900000");
    expect(portSlot(published()).set).toBe("ports4");
    expect(hex(portSlot(p).key)).toBe("7f000001110000001f900000");
    expect(portSlot(p).set).toBe("hostports4");
    expect(guardSlot(p)).toEqual({ set: "hostguards4", key: portSlot(p).key });
    expect(hex(hairpinSlot(p).key)).toBe("0a010005110000001f900000");
    expect(hex(privateSlot(p).key)).toBe("0a0100051100000000500000");
    expect(hex(targetBytes(p))).toBe("0a01000500500000");
  });

  test("IPv6", () => {
    const p = published({ family: 6, target: ip("fd00::5"), protocol: "sctp", hostPort: 65535 });
    expect(portSlot(p)).toEqual({ set: "ports6", key: Uint8Array.of(132, 0, 0, 0, 255, 255, 0, 0) });
    expect(hex(targetBytes(p))).toBe("fd00000000000000000000000000000500500000");
  });

  test("and are read again", () => {
    for (const p of [
      published(),
      published({ hostAddress: ip("192.0.2.1"), protocol: "sctp", hostPort: 1 }),
      published({ family: 6, target: ip("fd00::5"), targetPort: 65535 }),
      published({ family: 6, target: ip("fd00::5"), hostAddress: ip("2001:db8::1"), protocol: "udp" }),
    ]) {
      const slot = portSlot(p);
      const element = { key: { value: slot.key }, data: { value: targetBytes(p) } };
      expect(publishedOf(recordOf(slot.set, element))).toEqual(p);
    }
  });

  test("elements that are not ours publish nothing", () => {
    const key = { value: portSlot(published()).key };
    for (const element of [
      { key },
      { key, data: { value: new Uint8Array(3) } },
      { key: { value: Uint8Array.of(1, 0, 0, 0, 0, 80, 0, 0) }, data: { value: new Uint8Array(8) } },
      { key: { value: new Uint8Array(5) }, data: { value: new Uint8Array(8) } },
    ])
      expect(publishedOf(recordOf("ports4", element))).toBeUndefined();
  });

  test("places for people", () => {
    expect(hostEnd(published())).toBe("tcp 0.0.0.0:8080");
    expect(hostEnd(published({ family: 6, hostAddress: ip("::1"), protocol: "udp" }))).toBe("udp [::1]:8080");
  });
});

describe("records", () => {
  test("owner, boot and label come back from the comment", () => {
    const mark = ownerMark(attachment, MAX_COMMENT, "@0123abcd");
    expect(recordOf("ports4", { userdata: comment(mark) })).toMatchObject({
      owner: ownerOf(attachment),
      boot: "0123abcd",
      label: "blue c1 eth0",
    });
    expect(recordOf("masq4", { userdata: comment(ownerMark(attachment, MAX_COMMENT)) })).toMatchObject({
      owner: ownerOf(attachment),
      boot: undefined,
      label: "blue c1 eth0",
    });
  });

  test("a comment of 128 bytes still names owner and boot", () => {
    const long = { network: "n".repeat(100), containerId: "c".repeat(100), ifName: "eth0" };
    const mark = ownerMark(long, MAX_COMMENT, "@0123abcd");
    expect(mark).toHaveLength(128);
    expect(recordOf("ports4", { userdata: comment(mark) })).toMatchObject({ owner: ownerOf(long), boot: "0123abcd" });
  });

  test("what others wrote has no owner", () => {
    expect(recordOf("ports4", { userdata: comment("by hand") })).toMatchObject({ owner: undefined, label: "by hand" });
    expect(recordOf("ports4", {})).toMatchObject({ owner: undefined, label: "", boot: undefined });
  });
});

describe("sets are declared as nft 1.0.6 declares them", () => {
  const rows: [words: string, bytes: string, set: ReturnType<typeof declareSet>][] = [
    [
      "map m { type ipv4_addr : verdict; comment x }",
      "70000000 090a0104 00000000 00000000 01000000 06000100 74000000 06000200 6d000000 08000300 00000008 08000400 00000007 08000500 00000004 08000600 ffffff00 08000700 00000000 08000a00 00000001 1a000d00 00040200 00000104 00000000 06040000 00000702 78000000",
      declareSet("m", ["ipv4_addr"], "verdict", "x"),
    ],
    [
      "set m { type ipv6_addr . inet_proto . inet_service; comment x }",
      "5c000000 090a0104 00000000 00000000 01000000 06000100 74000000 06000200 6d000000 08000300 00000000 08000400 0000830d 08000500 00000018 08000a00 00000001 18000d00 00040000 00000308 00040d00 00000100 07027800",
      declareSet("m", ["ipv6_addr", "inet_proto", "inet_service"], undefined, "x"),
    ],
    [
      "map m { type inet_proto . inet_service : verdict }",
      "74000000 090a0104 00000000 00000000 01000000 06000100 74000000 06000200 6d000000 08000300 00000008 08000400 0000030d 08000500 00000008 08000600 ffffff00 08000700 00000000 08000a00 00000001 20000d00 00040000 00000104 00000000 03080004 0d000000 01000604 00000000",
      declareSet("m", ["inet_proto", "inet_service"], "verdict", ""),
    ],
  ];
  test.each(rows)("%s", (_words, hex, { userdata, ...set }) => {
    const header = { family: "inet", version: 0, resId: 0 } as const;
    const attrs = { table: "t", ...set, id: 1, userdata: withoutEmptyComment(userdata) };
    const { name, flags, keyType, keyLen, dataType, dataLen } = set;
    const inOrder = {
      table: "t",
      name,
      flags,
      keyType,
      keyLen,
      dataType,
      dataLen,
      id: attrs.id,
      userdata: attrs.userdata,
    };
    expectBytes(newSet.encode({ header, attrs: inOrder }, 0x401), Uint8Array.fromHex(hex.replaceAll(" ", "")));
  });

  /** nft writes none where there is no comment; we always have one. */
  const withoutEmptyComment = (data: Uint8Array = new Uint8Array()): Uint8Array =>
    data.at(-2) === 1 && data.at(-1) === 0 && data.at(-3) === 7 ? data.subarray(0, -3) : data;
});

test("what the kernel adds to a rule is no difference, what it lacks is", () => {
  const wanted = [
    { kind: "nat", data: { type: "dnat", value: Uint8Array.of(1) } },
    { kind: "masq", data: {} },
  ];
  expect(
    contains([{ kind: "nat", data: { type: "dnat", value: Uint8Array.of(1), flags: 3 } }, { kind: "masq" }], wanted),
  ).toBe(true);
  expect(contains([{ kind: "nat", data: { type: "dnat", value: Uint8Array.of(2) } }, { kind: "masq" }], wanted)).toBe(
    false,
  );
  expect(contains([{ kind: "nat", data: { type: "snat", value: Uint8Array.of(1) } }, { kind: "masq" }], wanted)).toBe(
    false,
  );
  expect(contains([...wanted, { kind: "counter" }], wanted)).toBe(false);
  expect(contains(undefined, wanted)).toBe(false);
});
