import { describe, expect, test } from "bun:test";
import { parseIp } from "../../ip/index.ts";
import type { Published } from "../../plugin/nat/port-keys.ts";
import { matches, parseHostPort } from "./host-port.ts";

function published(family: 4 | 6, hostAddress?: string): Published {
  const target = parseIp(family === 4 ? "10.1.0.2" : "fd00::2");
  if (!target) throw new Error("no address");
  const address = hostAddress === undefined ? undefined : parseIp(hostAddress);
  return { family, protocol: "tcp", hostPort: 8080, hostAddress: address, target, targetPort: 80 };
}

const ALL = [published(4), published(6), published(4, "127.0.0.1"), published(6, "fd00::1")];

describe("which published ports are meant", () => {
  const rows: [protocol: string, place: string, found: number[]][] = [
    ["tcp", "8080", [0, 1, 2, 3]],
    ["TCP", "0.0.0.0:8080", [0]],
    ["tcp", "[::]:8080", [1]],
    ["tcp", "127.0.0.1:8080", [2]],
    ["tcp", "[fd00:0::1]:8080", [3]],
    ["tcp", "10.0.0.1:8080", []],
    ["tcp", "8081", []],
    ["udp", "8080", []],
  ];
  for (const [protocol, place, found] of rows)
    test(`${protocol} ${place}`, () => {
      const wanted = parseHostPort(protocol, place);
      expect(ALL.flatMap((p, i) => (matches(wanted, p) ? [i] : []))).toEqual(found);
    });
});

describe("what names no port is refused", () => {
  for (const place of ["", "0", "65536", "http", ":80", "1.2.3:80", "::1:80", "[127.0.0.1]:80", "[::1]", "80 ", "-1"])
    test(JSON.stringify(place), () => expect(() => parseHostPort("tcp", place)).toThrow("no port of this host"));
  test("icmp", () => expect(() => parseHostPort("icmp", "8")).toThrow("no protocol"));
});
