import { describe, expect, test } from "bun:test";
import {
  attrs,
  bytes,
  type Codec,
  cstring,
  indexed,
  list,
  merge,
  message,
  nested,
  picked,
  Sink,
  Source,
  struct,
  tagged,
  u8,
  u32,
} from "./index.ts";

function write<In>(codec: Codec<unknown, In>, value: In): string {
  const sink = new Sink();
  codec.write(sink, value);
  return sink.finish().toHex();
}
function read<Out>(codec: Codec<Out, never>, hex: string): Out {
  const src = Uint8Array.fromHex(hex.replaceAll(" ", ""));
  return codec.read(new Source(src), 0, src.length);
}

const plain = attrs({ name: [3, cstring], mtu: [4, u32] });
const info = tagged({ kind: 1, data: 2 }, { vxlan: attrs({ vni: [1, u32] }), bridge: attrs({ ageing: [1, u32] }) });
const both = merge(info, tagged({ kind: 4, data: 5 }, { bridge: attrs({ cost: [3, u32] }) }, "slave"));

describe("attributes", () => {
  test("are written in the order of the value's keys, with padding", () => {
    expect(write(plain, { mtu: 1500, name: "a" })).toBe(`08000400dc050000${"0600030061000000"}`);
    expect(write(plain, { name: "a", mtu: undefined })).toBe("0600030061000000");
  });

  test("may lack padding behind the last one", () => {
    expect(read(plain, "060003006100")).toEqual({ name: "a" });
    expect(read(plain, "06000300610000")).toEqual({ name: "a" });
  });

  test.each([
    ["a header cut short", "0800", "attribute 0: need 4 bytes, have 2"],
    ["a length below the header's", "03000300", "attribute 0: length 3 is outside 4..4"],
    ["a length beyond the end", "0800030061", "attribute 0: length 8 is outside 4..5"],
    ["a payload too short", "06000400dc050000", "mtu: need 4 bytes, have 2"],
    ["rubbish behind the last one", "0800040000000000 0001", "attribute 1: need 4 bytes, have 2"],
  ])("with %s are refused", (_name, hex, message) => {
    expect(() => read(plain, hex)).toThrow(expect.objectContaining({ name: "DecodeError", message }));
  });

  test("that are unknown keep their place and flags", () => {
    const hex = "08000980aabbccdd 08000400dc050000 05000a00ee000000".replaceAll(" ", "");
    expect(read(plain, hex)).toEqual({
      mtu: 1500,
      unknown: [
        { type: 9, flags: 0x8000, data: Uint8Array.fromHex("aabbccdd"), index: 0 },
        { type: 10, data: Uint8Array.of(0xee), index: 2 },
      ],
    });
    expect(write(plain, read(plain, hex))).toBe(hex);
  });

  test("that stand twice: the last counts, the first survives", () => {
    const hex = "0800040001000000 06000300610000000800040002000000".replaceAll(" ", "");
    const value = read(plain, hex);
    expect(value).toMatchObject({ mtu: 2, name: "a", unknown: [{ type: 4, index: 0 }] });
    expect(write(plain, value)).toBe(hex);
  });

  test("that stand 16,000 times are read in reasonable time", () => {
    const value = read(plain, "04000300".repeat(16_000));
    expect(value.unknown?.length).toBe(15_999);
  });

  test("that stand three times: each but the last survives, in its place", () => {
    const hex = "0800040001000000 0800040002000000 06000300610000000800040003000000".replaceAll(" ", "");
    const value = read(plain, hex);
    expect(value).toMatchObject({ mtu: 3, name: "a" });
    expect(value.unknown?.map(({ index, data }) => [index, data[0]])).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(write(plain, value)).toBe(hex);
  });

  test("that are not picked are passed over, and must be whole all the same", () => {
    const some = picked({ mtu: [4, u32] });
    expect(read(some, "06000300610000000800040002000000")).toEqual({ mtu: 2 });
    expect(() => read(some, "06000300610000000900040002000000")).toThrow("attribute 1: length 9 is outside 4..8");
  });

  test("of 65,535 bytes fit, longer ones do not", () => {
    const blob = attrs({ outer: [1, attrs({ blob: [1, bytes] })] });
    expect(write(attrs({ blob: [1, bytes] }), { blob: new Uint8Array(0xffff - 4) }).slice(0, 8)).toBe("ffff0100");
    expect(write(blob, { outer: { blob: new Uint8Array(65_524) } }).slice(0, 8)).toBe("fcff0100");
    expect(() => write(blob, { outer: { blob: new Uint8Array(0xffff - 3) } })).toThrow(
      "outer.blob: 65536 bytes do not fit an attribute (at most 65535, its header included)",
    );
    expect(() => write(blob, { outer: { blob: new Uint8Array(0xffff - 7) } })).toThrow(
      "outer: 65536 bytes do not fit an attribute (at most 65535, its header included)",
    );
  });

  test("that the schema does not have are not written in silence", () => {
    const misspelt: Record<string, unknown> = { mut: 1500 };
    expect(() => write(plain, misspelt)).toThrow("mut: there is no such attribute");
  });

  test("carry NLA_F_NESTED where the schema says so, and are read with or without", () => {
    const outer = attrs({ inner: [1, nested(plain)] });
    expect(write(outer, { inner: { mtu: 1 } })).toBe("0c000180" + "0800040001000000");
    expect(read(outer, "0c000100 0800040001000000")).toEqual({ inner: { mtu: 1 } });
    expect(read(outer, "0c00c100 0800040001000000")).not.toHaveProperty("inner");
    expect(read(outer, "0c0001c0 0800040001000000")).toEqual({ inner: { mtu: 1 } });
  });
});

describe("tagged attributes", () => {
  const kind = "0a0001007678" + "6c616e000000";
  const data = "0c000200" + "0800010007000000";

  test("have data of the form that the kind says, on either side of it", () => {
    expect(read(info, kind + data)).toEqual({ kind: "vxlan", data: { vni: 7 } });
    expect(read(info, data + kind)).toEqual({ kind: "vxlan", data: { vni: 7 } });
    expect(write(info, read(info, data + kind))).toBe(data + kind);
    expect(write(info, { kind: "vxlan", data: { vni: 7 } })).toBe(kind + data);
    expect(write(info, { kind: "vxlan" })).toBe(kind);
  });

  test("of an unknown kind survive as bytes", () => {
    const hex = `08000100746f7000${data}`;
    const value = read(info, hex);
    expect(value).toEqual({ kind: "unknown", kindName: "top", data: Uint8Array.fromHex(data.slice(8)) });
    expect(write(info, value)).toBe(hex);
  });

  test.each(["constructor", "toString", "__proto__"])(
    "of the kind %s, a member of every object, are unknown",
    (name) => {
      const value = read(info, write(info, { kind: "unknown", kindName: name, data: Uint8Array.of(1) }));
      expect(value).toEqual({ kind: "unknown", kindName: name, data: Uint8Array.of(1) });
    },
  );

  test("without a kind keep their data", () => {
    expect(read(info, data)).toMatchObject({ unknown: [{ type: 2, index: 0 }] });
    expect(write(info, read(info, data))).toBe(data);
    expect(() => write(info, { data: {} } as never)).toThrow("data: needs kind beside it");
  });

  test("come in two pairs", () => {
    const value = { kind: "vxlan", data: { vni: 7 }, slaveKind: "bridge", slaveData: { cost: 2 } } as const;
    expect(read(both, write(both, value))).toEqual(value);
    expect(
      read(both, write(both, { ...value, slaveKind: "unknown", slaveKindName: "team", slaveData: bytes1 })),
    ).toEqual({
      ...value,
      slaveKind: "unknown",
      slaveKindName: "team",
      slaveData: bytes1,
    });
  });

  test("name the kinds there are", () => {
    expect(() => write(info, { kind: "vlxan", data: {} } as never)).toThrow('kind: "vlxan" is none of vxlan, bridge');
  });
});
const bytes1 = Uint8Array.of(1);

describe("lists", () => {
  test("repeat one type, and pass over others", () => {
    const codec = list(1, u8);
    expect(write(codec, [1, 2])).toBe("0500010001000000" + "0500010002000000");
    expect(read(codec, "0500010001000000 0500070009000000 0500010002000000")).toEqual([1, 2]);
    expect(() => read(codec, "0500010001000000 04000100")).toThrow("1: need 1 bytes, have 0");
    expect(() => write(codec, [1, 256])).toThrow("1: 256 is not an integer in 0..255");
  });

  test("count their types from the first", () => {
    expect(write(indexed(1, u8), [5, 6])).toBe("0500010005000000" + "0500020006000000");
    expect(read(indexed(1, u8), "0500030005000000 0500040006000000")).toEqual([5, 6]);
  });
});

describe("paths", () => {
  const newLink = message(
    [16, "RTM_NEWLINK"],
    struct({ family: u8 }),
    attrs({ name: [3, cstring], linkInfo: [18, info], hops: [9, list(1, plain)] }),
  );
  // nlmsghdr 0, header 16, linkInfo 20, kind 24, data 36, vni 40, hops 48, hops.0 52, mtu 56
  const sent = newLink.encode({ attrs: { linkInfo: { kind: "vxlan", data: { vni: 7 } }, hops: [{ mtu: 1 }] } });

  test.each([
    [0, "nlmsghdr"],
    [16, "header.family"],
    [19, "header"],
    [20, "attrs.linkInfo"],
    [24, "attrs.linkInfo.kind"],
    [36, "attrs.linkInfo.data"],
    [40, "attrs.linkInfo.data.vni"],
    [44, "attrs.linkInfo.data.vni"],
    [48, "attrs.hops"],
    [52, "attrs.hops.0"],
    [56, "attrs.hops.0.mtu"],
    [4711, "attrs"],
  ])("byte %d is %s", (offset, path) => {
    expect(newLink.locate(sent, offset)).toBe(path);
  });

  test.each([
    [undefined, 3, "attrs.name"],
    [undefined, 77, "attrs.attribute 77"],
    [20, 1, "attrs.linkInfo.kind"],
    [20, 2, "attrs.linkInfo.data"],
    [24, 1, "attrs.linkInfo.kind.attribute 1"],
    [36, 1, "attrs.linkInfo.data.vni"],
    [36, 9, "attrs.linkInfo.data.attribute 9"],
    [48, 1, "attrs.hops.attribute 1"],
    [52, 3, "attrs.hops.0.name"],
    [4711, 3, "attrs.attribute 3"],
  ])("in the nest at %p, type %d is %s", (nest, type, path) => {
    expect(newLink.missing(sent, nest, type)).toBe(path);
  });
});
