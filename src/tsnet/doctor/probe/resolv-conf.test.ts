import { expect, test } from "bun:test";
import { encodeQuestion, labelsOf, readAnswer } from "./dns.ts";
import { parseResolvConf } from "./resolv-conf.ts";

test("the first three name servers count, and what is no address is told", () => {
  const text = `# nameserver 192.0.2.9
; nameserver 192.0.2.9
nameserver 192.0.2.1
  nameserver\t2001:db8::1 # and more
nameserver fe80::1%eth0
nameserver 192.0.2.4
nameserver \u001b[31mevil
nameserver fe80::1%../x
nameserver
search a.example b.example
domain c.example
`;
  expect(parseResolvConf(text)).toEqual({
    servers: ["192.0.2.1", "2001:db8::1", "fe80::1%eth0"],
    wrong: ["\u001b[31mevil", "fe80::1%../x", ""],
    search: "c.example",
  });
  expect(parseResolvConf("")).toEqual({ servers: [], wrong: [], search: undefined });
  expect(parseResolvConf(`nameserver ${"9".repeat(100_000)}`).wrong[0]).toHaveLength(64);
  expect(parseResolvConf("nameserver 192.0.2.1\r\nsearch x\r\n")).toMatchObject({
    servers: ["192.0.2.1"],
    search: "x",
  });
});

test("a question is as RFC 1035 has it", () => {
  const bytes = encodeQuestion(0x1234, { name: "a.bc.", type: "SOA" });
  expect(bytes.toHex()).toBe("123401000001000000000000" + "0161" + "026263" + "00" + "0006" + "0001");
  expect(encodeQuestion(1, { name: ".", type: "NS" }).toHex()).toBe(
    "000101000001000000000000" + "00" + "0002" + "0001",
  );
  for (const name of ["a..b", ".a", "x".repeat(64), `${"abcdefg.".repeat(32)}a`])
    expect(labelsOf(name)).toBeUndefined();
  expect(() => encodeQuestion(1, { name: "a..b", type: "A" })).toThrow(RangeError);
});

test("an answer is one of the question's number; an absent name is one too", () => {
  const answer = (flags: number, id = 7) =>
    Uint8Array.of(id >> 8, id & 255, flags >> 8, flags & 255, ...Array(8).fill(0));
  expect(readAnswer(answer(0x8180), 7)).toEqual({ ok: true, code: "NOERROR" });
  expect(readAnswer(answer(0x8183), 7)).toEqual({ ok: true, code: "NXDOMAIN" });
  expect(readAnswer(answer(0x8182), 7)).toEqual({ ok: false, code: "SERVFAIL" });
  expect(readAnswer(answer(0x8185), 7)).toEqual({ ok: false, code: "REFUSED" });
  expect(readAnswer(answer(0x818b), 7)).toEqual({ ok: false, code: "code 11" });
  expect(readAnswer(answer(0x0180), 7)).toBeUndefined();
  expect(readAnswer(answer(0x8180, 8), 7)).toBeUndefined();
  expect(readAnswer(answer(0x8180).subarray(0, 11), 7)).toBeUndefined();
});
