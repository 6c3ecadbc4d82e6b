import { expect, test } from "bun:test";
import { DecodeError, EncodeError, ip, ipv4, ipv6, mac, Sink, Source } from "./index.ts";

test("an address of either family is told by its length", () => {
  const read = (hex: string) => {
    const bytes = Uint8Array.fromHex(hex);
    return ip.read(new Source(bytes), 0, bytes.length);
  };
  expect(read("0a000001")).toBe("10.0.0.1");
  expect(read(`fe80${"00".repeat(13)}01`)).toBe("fe80::1");
  expect(() => read("0a0000")).toThrow(new DecodeError("an address has 4 or 16 bytes, not 3"));
});

test("an IPv4-mapped address stays an IPv6 address", () => {
  const sink = new Sink();
  ip.write(sink, "::ffff:10.0.0.1");
  expect(sink.finish().toHex()).toBe(`${"00".repeat(10)}ffff0a000001`);
  expect(ip.read(new Source(sink.finish()), 0, 16)).toBe("::ffff:10.0.0.1");
});

test("what is no address of the family is not written", () => {
  expect(() => ipv4.write(new Sink(), "fe80::1")).toThrow(new EncodeError('"fe80::1" is no IPv4 address'));
  expect(() => ipv6.write(new Sink(), "10.0.0.1")).toThrow(new EncodeError('"10.0.0.1" is no IPv6 address'));
  expect(() => ip.write(new Sink(), "10.0.0")).toThrow(new EncodeError('"10.0.0" is no IP address'));
});

test.each([
  ["02:00:00:00:00:01", "020000000001"],
  ["0a:00:00:01", "0a000001"],
  ["", ""],
])("hardware address %p", (text, hex) => {
  const sink = new Sink();
  mac.write(sink, text.toUpperCase());
  expect(sink.finish().toHex()).toBe(hex);
  expect(mac.read(new Source(sink.finish()), 0, sink.length)).toBe(text);
});
