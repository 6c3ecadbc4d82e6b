import { describe, expect, test } from "bun:test";
import {
  be16,
  be32,
  be64,
  bytes,
  type Codec,
  cstring,
  DecodeError,
  EncodeError,
  enumOf,
  fixedBytes,
  fixedString,
  flag,
  pad,
  Sink,
  Source,
  s8,
  s16,
  s32,
  s64,
  struct,
  u8,
  u16,
  u32,
  u64,
} from "./index.ts";

function write<In>(codec: Codec<unknown, In>, value: In): string {
  const sink = new Sink();
  codec.write(sink, value);
  return sink.finish().toHex();
}
function read<Out>(codec: Codec<Out, never>, hex: string): Out {
  const src = Uint8Array.fromHex(hex);
  return codec.read(new Source(src), 0, src.length);
}

const state = enumOf(u8, { down: 0, up: 6 });

describe("scalars", () => {
  test.each<[string, Codec<unknown, never>, unknown, string]>([
    ["u8", u8, 255, "ff"],
    ["u16", u16, 0x1234, "3412"],
    ["u32", u32, 0x12345678, "78563412"],
    ["u32, largest", u32, 0xffffffff, "ffffffff"],
    ["u64", u64, 0x0102030405060708n, "0807060504030201"],
    ["u64, largest", u64, 2n ** 64n - 1n, "ffffffffffffffff"],
    ["s8", s8, -1, "ff"],
    ["s16", s16, -2, "feff"],
    ["s32", s32, -(2 ** 31), "00000080"],
    ["s64", s64, -1n, "ffffffffffffffff"],
    ["be16", be16, 4789, "12b5"],
    ["be32", be32, 1, "00000001"],
    ["be64", be64, 1n, "0000000000000001"],
    ["enum, by name", state, "up", "06"],
    ["enum, a number without a name", state, 7, "07"],
    ["cstring", cstring, "vx7", "76783700"],
    ["cstring, empty", cstring, "", "00"],
    ["cstring, beginning with a byte order mark", cstring, "\ufeffa", "efbbbf6100"],
    ["fixedString", fixedString(4), "abc", "61626300"],
    ["fixedString, short", fixedString(4), "a", "61000000"],
    ["bytes", bytes, Uint8Array.of(1, 2, 3), "010203"],
    ["bytes, none", bytes, new Uint8Array(), ""],
    ["fixedBytes", fixedBytes(2), Uint8Array.of(1, 2), "0102"],
    ["flag", flag, true, ""],
    ["pad", pad(3), undefined, "000000"],
    ["struct", struct({ a: u8, hole: pad(1), b: be16 }), { a: 1, b: 2 }, "01000002"],
  ])("%s", (_name, codec, value, hex) => {
    expect(write(codec, value as never)).toBe(hex);
    expect(read(codec, hex)).toEqual(value);
  });

  test.each<[string, Codec<unknown, never>, string, string]>([
    ["u8", u8, "", "need 1 bytes, have 0"],
    ["be16", be16, "01", "need 2 bytes, have 1"],
    ["u64", u64, "01020304050607", "need 8 bytes, have 7"],
    ["fixedString", fixedString(4), "616263", "need 4 bytes, have 3"],
    ["fixedBytes", fixedBytes(2), "01", "need 2 bytes, have 1"],
    ["struct", struct({ a: u8, b: u32 }), "010203", "b: need 4 bytes, have 2"],
  ])("%s that is cut short is refused", (_name, codec, hex, message) => {
    expect(() => read(codec, hex)).toThrow(new DecodeError(message));
  });

  test.each<[string, Codec<unknown, never>, unknown, string]>([
    ["u8", u8, 256, "256 is not an integer in 0..255"],
    ["u32", u32, -1, "-1 is not an integer in 0..4294967295"],
    ["s8", s8, 128, "128 is not an integer in -128..127"],
    ["u64", u64, 2n ** 64n, "18446744073709551616 is not an unsigned 64-bit integer"],
    ["u64 as number", u64, 1, "1 is not an unsigned 64-bit integer"],
    ["enum", state, "sideways", '"sideways" is none of down, up'],
    ["enum, a member of every object", state, "toString", '"toString" is none of down, up'],
    ["cstring", cstring, "a\0b", '"a\\u0000b" holds a NUL byte'],
    ["fixedString", fixedString(16), "an-interface-name", '"an-interface-name" is longer than 15 bytes'],
    ["fixedString, in bytes", fixedString(4), "\u00e9\u00e9", '"\u00e9\u00e9" is longer than 3 bytes'],
    ["fixedBytes", fixedBytes(2), Uint8Array.of(1), "need 2 bytes, have 1"],
    ["struct", struct({ a: struct({ b: u8 }) }), { a: { b: 256 } }, "a.b: 256 is not an integer in 0..255"],
  ])("%s out of range is not written", (_name, codec, value, message) => {
    expect(() => write(codec, value as never)).toThrow(expect.objectContaining({ message, name: "EncodeError" }));
  });

  test("a 64-bit number is written where the sink must grow for it", () => {
    const sink = new Sink(4);
    u64.write(sink, 1n);
    expect(sink.finish().toHex()).toBe("0100000000000000");
  });

  test("longer payloads than needed are read from their beginning", () => {
    expect(read(u16, "34120000")).toBe(0x1234);
    expect(read(cstring, "61006200")).toBe("a");
    expect(read(cstring, "6162")).toBe("ab");
    expect(read(flag, "01")).toBe(true);
  });

  test("what a newer kernel appended to a structure is kept", () => {
    const pair = struct({ a: u8, b: u8 });
    expect(read(pair, "01020304")).toEqual({ a: 1, b: 2, unknown: Uint8Array.of(3, 4) });
    expect(write(pair, read(pair, "01020304"))).toBe("01020304");
  });

  test("absent fields of a structure are zero", () => {
    expect(write(struct({ a: u32, b: u16 }), { b: 1 })).toBe("000000000100");
  });

  test("a structure of something without a fixed size is a mistake of the schema", () => {
    expect(() => struct({ name: cstring })).toThrow('struct: field "name" has no fixed size');
  });

  test("errors have their path also as a list", () => {
    const error = new EncodeError("no").within("b").within("a");
    expect(error).toMatchObject({ path: ["a", "b"], reason: "no", message: "a.b: no" });
  });
});
