import { expect, test } from "bun:test";
import { type Ip, parseIp } from "../../../ip/index.ts";
import { whoHas } from "./who-has.ts";

const MAC = "02:00:00:00:00:01";
const ip = (text: string): Ip => parseIp(text) as Ip;

test("an ARP probe asks in nobody's name, and any ARP frame with the address as its sender's names a holder", () => {
  const { frame, protocol, holderIn } = whoHas(ip("10.1.2.3"), MAC);
  expect(protocol).toBe(0x0806);
  expect(frame.toHex()).toBe(
    [
      "ffffffffffff",
      "020000000001",
      "0806",
      "0001080006040001",
      "020000000001",
      "00000000",
      "000000000000",
      "0a010203",
    ].join(""),
  );
  const from = (mac: string, sender: string, op = "0002") =>
    Uint8Array.fromHex(`020000000001${mac}0806000108000604${op}${mac}${sender}0200000000010a010203`);
  expect(holderIn(from("0200000000ff", "0a010203"))).toBe("02:00:00:00:00:ff");
  expect(holderIn(from("0200000000ff", "0a010203", "0001"))).toBe("02:00:00:00:00:ff");
  expect(holderIn(from("0200000000ff", "0a010204"))).toBeUndefined();
  // Somebody else's probe: of nobody's address.
  expect(holderIn(frame)).toBeUndefined();
  for (let length = 0; length < 32; length++)
    expect(holderIn(from("0200000000ff", "0a010203").subarray(0, length))).toBeUndefined();
});

test("a solicitation of nobody's address goes to the address's group, and an advertisement names a holder", () => {
  const { frame, protocol, holderIn } = whoHas(ip("fd38::2:a1b2"), MAC);
  expect(protocol).toBe(0x86dd);
  const hex = frame.toHex();
  expect(hex.slice(0, 28)).toBe(`3333ff02a1b2${MAC.replaceAll(":", "")}86dd`);
  expect(hex.slice(28)).toStartWith(`6000000000183aff${"00".repeat(16)}ff0200000000000000000001ff02a1b2`);
  expect(hex).toEndWith("00000000fd38000000000000000000000002a1b2");
  const advertised = (target: string, hopLimit = "ff") =>
    Uint8Array.fromHex(
      `333300000001${"0200000000ff"}86dd6000000000203a${hopLimit}${"fd".repeat(16)}ff02${"00".repeat(13)}01` +
        `8800000020000000${target}02010200000000ff`,
    );
  expect(holderIn(advertised("fd38000000000000000000000002a1b2"))).toBe("02:00:00:00:00:ff");
  expect(holderIn(advertised("fd38000000000000000000000002a1b3"))).toBeUndefined();
  // Routed here from elsewhere.
  expect(holderIn(advertised("fd38000000000000000000000002a1b2", "40"))).toBeUndefined();
  expect(holderIn(frame)).toBeUndefined();
  for (let length = 0; length < 78; length++)
    expect(holderIn(advertised("fd38000000000000000000000002a1b2").subarray(0, length))).toBeUndefined();
});
