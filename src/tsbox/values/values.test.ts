import { describe, expect, test } from "bun:test";
import { parseEnvFile } from "./env-file.ts";
import { parseBind, parseTmpfs } from "./mount.ts";
import { parsePorts } from "./port.ts";
import { parseSignal, signalName } from "./signal.ts";
import { sizeText } from "./size.ts";
import { ago, parseTime } from "./time.ts";
import { parseDevice, parseHostname, parseRestart, parseSysctl, parseUlimit, parseUser } from "./words.ts";

/** Each row: a parser, what it takes with the value, what it refuses. */
const ROWS: readonly [string, (text: string) => unknown, readonly [string, unknown][], readonly string[]][] = [
  [
    "ports",
    parsePorts,
    [
      ["80", [{ hostIp: "", hostPort: 0, containerPort: 80, protocol: "tcp" }]],
      ["8080:80", [{ hostIp: "", hostPort: 8080, containerPort: 80, protocol: "tcp" }]],
      ["127.0.0.1:8080:80/udp", [{ hostIp: "127.0.0.1", hostPort: 8080, containerPort: 80, protocol: "udp" }]],
      ["127.0.0.1::80", [{ hostIp: "127.0.0.1", hostPort: 0, containerPort: 80, protocol: "tcp" }]],
      ["[::1]:8080:80", [{ hostIp: "::1", hostPort: 8080, containerPort: 80, protocol: "tcp" }]],
      [
        "8000-8001:80-81",
        [
          { hostIp: "", hostPort: 8000, containerPort: 80, protocol: "tcp" },
          { hostIp: "", hostPort: 8001, containerPort: 81, protocol: "tcp" },
        ],
      ],
    ],
    ["", "0", "65536", "80:", ":", "a:80", "1.2.3:80:80", "1-2:3", "80/icmp", "1:2:3:4", "8080:80 ", "300.1.1.1:1:1"],
  ],
  [
    "bind",
    parseBind,
    [
      ["/a:/b", { source: "/a", target: "/b", readOnly: false }],
      ["/a/../c:/b/./d:ro", { source: "/c", target: "/b/d", readOnly: true }],
    ],
    ["/a", "name:/b", "/a:b", "/a:/", "/a:/..", "/a:/b:rx", "/a:/b:ro:z", ":/b", "/a\n:/b"],
  ],
  [
    "tmpfs",
    parseTmpfs,
    [
      ["/t", { target: "/t", options: ["noexec", "nosuid", "nodev"] }],
      ["/t:size=1m,exec", { target: "/t", options: ["nosuid", "nodev", "size=1m"] }],
    ],
    ["t", "/", "/t:size=1m,upperdir=/x", "/t:"],
  ],
  ["hostname", parseHostname, [["a-b.c", "a-b.c"]], ["", "-a", "a_b", "a\n", "x".repeat(64)]],
  ["user", parseUser, [["1000:1000", "1000:1000"]], ["", ":", "a:", ":b", "a b", "a:b:c"]],
  [
    "restart",
    parseRestart,
    [
      ["always", { name: "always", max: 0 }],
      ["on-failure:3", { name: "on-failure", max: 3 }],
    ],
    ["", "on-failure:", "on-failure:-1", "sometimes"],
  ],
  ["ulimit", parseUlimit, [["nofile=10:20", { name: "nofile", soft: 10, hard: 20 }]], ["nofile", "x=1", "nofile=2:1"]],
  [
    "sysctl",
    parseSysctl,
    [["net.ipv4.ip_forward=1", ["net.ipv4.ip_forward", "1"]]],
    ["kernel.core_pattern=x", "net..x=1", "net/ipv4=1", "kernel.shm_rmid_forced=1\nkernel.core_pattern=x", "net", "=1"],
  ],
  [
    "device",
    parseDevice,
    [
      ["/dev/fuse", { source: "/dev/fuse", target: "/dev/fuse", access: "rwm" }],
      ["/dev/fuse:r", { source: "/dev/fuse", target: "/dev/fuse", access: "r" }],
      ["/dev/fuse:/dev/x:rw", { source: "/dev/fuse", target: "/dev/x", access: "rw" }],
    ],
    ["fuse", "/dev/fuse:x", "/dev/a:/dev/b:q", "/dev/a:/dev/b:r:w"],
  ],
  [
    "signal",
    parseSignal,
    [
      ["TERM", 15],
      ["sigkill", 9],
      ["64", 64],
      ["RTMIN+3", 37],
    ],
    ["", "0", "65", "15x", "FOO", "RTMIN-1"],
  ],
  [
    "time",
    parseTime(() => 100_000),
    [
      ["1m30s", 10_000],
      ["5", 5000],
      ["1970-01-01T00:00:07Z", 7000],
    ],
    ["", "yesterday", "2026-13-01", "1x"],
  ],
];

for (const [name, parse, good, bad] of ROWS)
  describe(name, () => {
    for (const [text, value] of good) test(`takes ${text}`, () => expect(parse(text)).toEqual(value));
    for (const text of bad) test(`refuses ${JSON.stringify(text)}`, () => expect(() => parse(text)).toThrow());
  });

test("an env file: comments, blanks, the caller's values, quotes kept", () => {
  const text = '# c\n\n A=1\r\nB="x y"\nHOME\nNONE\nC=\n';
  expect(parseEnvFile(text, { HOME: "/root" })).toEqual(["A=1", 'B="x y"', "HOME=/root", "C="]);
  expect(() => parseEnvFile("a b=c", {})).toThrow("line 1: blank in the name of a variable");
  expect(() => parseEnvFile("A=1\n=c", {})).toThrow("line 2: the variable has no name");
});

test("for people", () => {
  expect([ago(0), ago(1000), ago(7_200_000)]).toEqual(["less than a second", "1 second", "2 hours"]);
  expect([sizeText(0), sizeText(1536), sizeText(5_000_000)]).toEqual(["0 B", "1.5 KiB", "4.77 MiB"]);
  expect([signalName(9), signalName(37)]).toEqual(["SIGKILL", "SIG37"]);
});
