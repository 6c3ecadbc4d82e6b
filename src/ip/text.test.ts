import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatIpv4, formatIpv6, formatIpv6LikeGo, parseIpBytes, parseIpv4, parseIpv6 } from "./index.ts";

describe("IPv6 addresses", () => {
  // RFC 4291 section 2.2 (forms that are read), RFC 5952 sections 1, 2 and 4 (what they are written as).
  test.each([
    ["ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"],
    ["2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"],
    ["FF01:0:0:0:0:0:0:101", "ff01::101"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["FF01::101", "ff01::101"],
    ["::", "::"],
    ["::1", "::1"],
    ["0:0:0:0:0:FFFF:129.144.52.38", "::ffff:129.144.52.38"],
    ["::FFFF:129.144.52.38", "::ffff:129.144.52.38"],
    ["0:0:0:0:0:0:13.1.68.3", "::d01:4403"],
    ["::13.1.68.3", "::d01:4403"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["2001:db8::0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:db8::aaaa:0:0:1", "2001:db8::aaaa:0:0:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["1::", "1::"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
    ["fe80::1:0:0:0", "fe80::1:0:0:0"],
  ])("%s is written as %s", (text, canonical) => {
    const parsed = parseIpv6(text);
    expect(parsed && formatIpv6(parsed)).toBe(canonical);
  });

  test.each([
    "",
    ":",
    ":::",
    "1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "1::2::3",
    "1:::2",
    ":1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    "1:2:3:4:5:6:7:8:",
    "1::2:",
    "12345::",
    "g::",
    "::1%eth0",
    "::1/128",
    " ::1",
    "::1 ",
    "::-1",
    "::0x1",
    "1.2.3.4",
    "::1.2.3",
    "::1.2.3.256",
    "::01.2.3.4",
    "::1.2.3.4:5",
    "1.2.3.4::",
    ":1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:6::1.2.3.4",
  ])("%p is none", (text) => {
    expect(parseIpv6(text)).toBeUndefined();
  });

  test("every address is read from the text it is written as, which is the shortest of its kind", () => {
    const addresses = fc.array(fc.constantFrom(0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(addresses, (groups) => {
        const bytes = Uint8Array.from(groups.flatMap((g) => [g >> 8, g & 255]));
        const text = formatIpv6(bytes);
        expect(parseIpv6(text)).toEqual(bytes);
        if (!text.includes(".")) expect(new URL(`http://[${text}]`).hostname).toBe(`[${text}]`);
      }),
    );
  });
});

describe("IPv4 addresses", () => {
  test.each(["0.0.0.0", "10.0.0.1", "255.255.255.255"])("%s is read and written", (text) => {
    const parsed = parseIpv4(text);
    expect(parsed && formatIpv4(parsed)).toBe(text);
  });

  test.each([
    "",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "256.0.0.1",
    "01.2.3.4",
    "1.2.3.",
    "1.2.3.-4",
    "1.2.3.4 ",
    "0x1.2.3.4",
    "1..2.3",
  ])("%p is none", (text) => {
    expect(parseIpv4(text)).toBeUndefined();
  });
});

test.each([
  ["::ffff:10.0.0.1", "::ffff:10.0.0.1", "10.0.0.1"],
  ["::FFFF:a00:1", "::ffff:10.0.0.1", "10.0.0.1"],
  ["::fffe:10.0.0.1", "::fffe:a00:1", "::fffe:a00:1"],
  ["::ff:10.0.0.1", "::ff:a00:1", "::ff:a00:1"],
  ["1::ffff:10.0.0.1", "1::ffff:a00:1", "1::ffff:a00:1"],
])("%s is %s to RFC 5952 and %s to Go", (text, rfc, go) => {
  const bytes = parseIpBytes(text);
  expect(bytes && [formatIpv6(bytes), formatIpv6LikeGo(bytes)]).toEqual([rfc, go]);
});

test("characters beside the hexadecimal digits are none", () => {
  for (let code = 0; code < 0x250; code++) {
    const char = String.fromCharCode(code);
    const hex = "0123456789abcdefABCDEF".includes(char);
    expect([code, parseIpv6(`::${char}`) !== undefined]).toEqual([code, hex]);
    expect([code, parseIpv4(`1.2.3.${char}`) !== undefined]).toEqual([code, char >= "0" && char <= "9"]);
  }
});
