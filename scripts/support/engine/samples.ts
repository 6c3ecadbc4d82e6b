/**
 * What the engine and Bun must do alike: evaluated by `engine.test.ts` in both, on the same addon functions. Results are JSON.
 */
import type { Native } from "../../../native/addon.ts";
import { bigints } from "./bigints.ts";

const TEXTS = [
  ...[
    "",
    "a",
    "ä€😀",
    "\0",
    "a\0b",
    "\ud800",
    "x\udfffy",
    "\ud83d\ude00",
    "\ufeffmark",
    "\u007f\u0080\u07ff\u0800\uffff",
  ],
  "long ".repeat(3000),
];

const BYTES = [
  ...[[], [0x41], [0], [0x80], [0xc2], [0xc2, 0x41], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98, 0x80]],
  ...[
    [0xf4, 0x90, 0x80, 0x80],
    [0xef, 0xbb, 0xbf, 0x61],
    [0xe2, 0x82],
    [0xff, 0xfe, 0xc3, 0xa4],
    [0xf0, 0x80, 0x80, 0x80],
  ],
];

const JSON_TEXTS = [
  ...[
    '{"__proto__":{"a":1},"constructor":2}',
    '{"a":1,"a":2}',
    '"\\ud800\\u0000\\u2028"',
    "1e400",
    "-0",
    "01",
    "[1,]",
    "{a:1}",
    "nul",
  ],
  ...[
    '"\t"',
    '"\\x"',
    " [1] x",
    "",
    "\ufeff1",
    "123456789012345678901234567890",
    "1.10",
    '{"":0}',
    "[".repeat(500) + "]".repeat(500),
  ],
];

/** What a call gives, or what it throws. Of engines' own errors only the name is the same everywhere. */
function attempt(call: () => unknown, nameOnly?: "name only"): unknown {
  try {
    const value = call();
    return value instanceof Uint8Array ? ["bytes", ...value] : (value ?? "undefined");
  } catch (error) {
    const { name, message, op, errno, code, path } = error as Error & Record<string, unknown>;
    if (nameOnly) return name;
    return { name, message, op, errno, code, path };
  }
}

/** A call with arguments of types that TypeScript refuses. */
function wrong(call: (...args: never[]) => unknown, ...args: unknown[]): unknown {
  return call(...(args as never[]));
}

export function samples(native: Native, folder: string): unknown[] {
  const file = `${folder}/ä file`;
  const part = new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4);
  const decoders = [new TextDecoder(), new TextDecoder("utf-8", { ignoreBOM: true })];
  return [
    ...bigints(),
    ...JSON_TEXTS.map((text) => attempt(() => JSON.stringify(JSON.parse(text), null, 4), "name only")),
    ...[0, -0, 1e21, 1 / 3, 2 ** 53, -1.5, 123456789.125].map((n) => [n, n.toString(16), n.toFixed(2), `${n}`]),
    ["b", "a", "Z", "é", "10", "9", "\ud800"].sort(),
    [5, 40, 1, 300].sort().concat([3, 1, 2].toSorted((a, b) => a - b)),
    "a-b__c d".split(/[-_ ]+/).concat("x1y22".match(/\d+/g) ?? [], "aXbX".replaceAll("X", "$&$&")),
    ["ifb0", "ÄÖ", "\u2028", "a b"].map((text) => [/^[\w.-]+$/.test(text), /\s/.test(text), /\p{L}/u.test(text)]),
    Object.entries({ b: 1, 2: 1, a: 1, 1: 1 }),
    ...TEXTS.map((text) => [...new TextEncoder().encode(text)]),
    ...decoders.flatMap((decoder) => BYTES.map((bytes) => decoder.decode(new Uint8Array(bytes)))),
    new TextDecoder("latin1").decode(new Uint8Array([0, 0x41, 0xa0, 0xe4, 0xff])),
    Bun.CryptoHasher.hash("sha512", "net\0container\0eth0", "hex"),
    Bun.CryptoHasher.hash("sha256", new Uint8Array(300).fill(7), "hex"),
    new Uint8Array([0, 10, 255]).toHex(),
    ...[[], [3], [1, 2], [9, 1], [2, 3, 9]].map((needle) =>
      Buffer.from(part.buffer, part.byteOffset, part.length).includes(new Uint8Array(needle)),
    ),
    ...[
      [1, 2, 3],
      [1, 2, 4],
      [1, 2],
    ].map((other) => Buffer.compare(part, new Uint8Array(other)) === 0),
    attempt(() => native.createFile(file, part, 0o600)),
    attempt(() => native.createFile(file, part, 0o600)),
    attempt(() => native.readFile(file, 100)),
    attempt(() => native.readFile(file, 2)),
    attempt(() => native.readAt(file, 1, 1)),
    attempt(() => native.writeAt(file, 5, part, 0o600, true)),
    attempt(() => native.readFile(file, 100)),
    attempt(() => native.setMtime(file, 1234567890123456789n)),
    attempt(() => String(native.stat(file, true)?.mtimeNs)),
    attempt(() => typeof native.stat(file, true)?.ino),
    attempt(() => native.stat(file, true)?.kind),
    attempt(() => native.stat(`${folder}/none`, true)),
    attempt(() => native.listDir(folder, 10)),
    attempt(() => native.readLink(file)),
    attempt(() => native.isWritable(folder)),
    attempt(() => native.netnsOpen(file)),
    attempt(() => native.netnsIdentity(-1)),
    attempt(() => native.sysctlGet(-1, "kernel/ostype")),
    attempt(() => native.sysctlGet(-1, "../x")),
    attempt(() => native.removeFile(`${folder}/a\0b`)),
    attempt(() => native.removeFile("")),
    attempt(() => native.removeFile("x".repeat(5000))),
    attempt(() => wrong(native.readFile, 7, 1)),
    attempt(() => wrong(native.readFile, file, "1")),
    attempt(() => native.readFile(file, 1.5)),
    attempt(() => native.readFile(file, Number.NaN)),
    attempt(() => wrong(native.readFile, file)),
    attempt(() => native.setMtime(file, 1n << 80n)),
    attempt(() => wrong(native.setMtime, file, 1)),
    attempt(() => wrong(native.writeAt, file, 0, "text", 0o600, false)),
    attempt(() => wrong(native.writeAt, file, 0, new Uint16Array(2), 0o600, false)),
    attempt(() => new TextDecoder().decode(native.run("/bin/echo", ["ä", ""], ["A=b"], "/", part, 5000, 100).stdout)),
    attempt(() => native.run("/bin/cat", [], [], "/", part, 5000, 100).stdout),
    attempt(() => native.run("/none", [], [], "/", part, 5000, 100)),
    attempt(() => native.run("/bin/echo", ["a\0b"], [], "/", part, 5000, 100)),
    attempt(() => wrong(native.run, "/bin/echo", [1], [])),
    ...[0, 1, 2, 3, 4, 255, 256].map((count) => {
      const text = Uint8Array.from({ length: count }, (_, i) => (i * 7) ^ count).toBase64();
      return [text, [...Uint8Array.fromBase64(text)]];
    }),
    attempt(() => native.removeFile(file)),
  ];
}
