/**
 * What plugin code expects of its runtime and QuickJS does not have: of the Web's globals `TextEncoder`, `TextDecoder`,
 * `performance.now` and `crypto.getRandomValues`, of Bun's `sleep` and
 * `CryptoHasher.hash`, of Node's `Buffer.compare` (for equality) and `Buffer.from(…).includes`. Nothing else may be used on the way to
 * a plugin's answer; `bundle.test.ts` looks.
 */
import "./host.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** The C code takes no NUL, and character by character costs forty times as much. */
function joinedByNul(texts: readonly string[]): Uint8Array {
  const parts = texts.map((text) => native.encode(text) ?? encodeUtf8(text));
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length + 1, -1));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length + 1;
  }
  return out;
}

class Encoder {
  encode(text = ""): Uint8Array {
    return native.encode(text) ?? (text.includes("\0") ? joinedByNul(text.split("\0")) : encodeUtf8(text));
  }
  encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
    const bytes = this.encode(text);
    if (bytes.length > into.length) throw new RangeError("encodeInto: the array is too short");
    into.set(bytes);
    return { read: text.length, written: bytes.length };
  }
}

class Decoder {
  readonly #latin1: boolean;
  readonly #keepsMark: boolean;
  constructor(label = "utf-8", { ignoreBOM = false } = {}) {
    this.#latin1 = label === "latin1";
    this.#keepsMark = ignoreBOM;
  }
  decode(bytes: Uint8Array = new Uint8Array(0)): string {
    if (this.#latin1) return latin1(bytes);
    const text = native.decode(bytes) ?? decodeUtf8(bytes);
    return !this.#keepsMark && text.startsWith("\ufeff") ? text.slice(1) : text;
  }
}

/** Each byte as the character of its number. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 1024) text += String.fromCharCode(...bytes.subarray(at, at + 1024));
  return text;
}

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && native.indexOf(a.buffer, a.byteOffset, a.length, b) === 0;

const hash = (algorithm: "sha256" | "sha512", data: string | Uint8Array): string =>
  native[algorithm](typeof data === "string" ? new Encoder().encode(data) : data);

// This version of QuickJS leaves the sign in some results (`BigInt.asUintN(64, -3n)`).
BigInt.asUintN = (bits, value) => value & ((1n << BigInt(bits)) - 1n);

// A process with one call to answer may as well wait in it: the engine has no threads.
const functions = native as unknown as Record<string, (...args: unknown[]) => unknown>;
for (const name of Object.keys(functions)) {
  const plain = functions[name.replace(/Async$/, "")];
  if (plain && name.endsWith("Async")) functions[name] = async (...args) => plain(...args);
}

// By the name under which the bundler's own helpers look them up when they begin before this module.
for (const name of ["dispose", "asyncDispose"])
  if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol.for(`Symbol.${name}`) });

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** RFC 4648, section 4. */
function toBase64(bytes: Uint8Array): string {
  let text = "";
  const { length } = bytes;
  for (let at = 0; at < length; at += 3) {
    const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += (BASE64[bits >> 18] ?? "") + BASE64[(bits >> 12) & 63] + BASE64[(bits >> 6) & 63] + BASE64[bits & 63];
  }
  const missing = (3 - (length % 3)) % 3;
  return text.slice(0, text.length - missing) + "=".repeat(missing);
}

function fromBase64(text: string): Uint8Array {
  const digits = text.replace(/=+$/, "");
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  for (let at = 0; at < digits.length; at++) {
    const value = BASE64.indexOf(digits[at] ?? "");
    if (value < 0) throw new SyntaxError("fromBase64: not Base64");
    bits = ((bits << 6) | value) & 0xffffff;
    if (at % 4 > 0) bytes[Math.floor((at * 3) / 4)] = bits >> (6 - 2 * (at % 4));
  }
  return bytes;
}

if (!("toBase64" in Uint8Array.prototype))
  Object.defineProperty(Uint8Array.prototype, "toBase64", {
    value(this: Uint8Array): string {
      return toBase64(this);
    },
  });
if (!("fromBase64" in Uint8Array)) Object.defineProperty(Uint8Array, "fromBase64", { value: fromBase64 });
const HEX = Array.from({ length: 256 }, (_, byte) => (byte < 16 ? "0" : "") + byte.toString(16));

if (!("toHex" in Uint8Array.prototype))
  Object.defineProperty(Uint8Array.prototype, "toHex", {
    value(this: Uint8Array): string {
      let hex = "";
      for (let at = 0; at < this.length; at++) hex += HEX[this[at] ?? 0];
      return hex;
    },
  });

Object.assign(globalThis, {
  TextEncoder: Encoder,
  TextDecoder: Decoder,
  performance: { now: () => native.now() },
  crypto: {
    getRandomValues: (into: Uint8Array) => {
      into.set(native.random(into.length));
      return into;
    },
  },
  Bun: {
    sleep: async (ms: number) => native.sleep(Math.max(0, Math.ceil(ms))),
    CryptoHasher: { hash },
  },
  Buffer: {
    compare: (a: Uint8Array, b: Uint8Array) => (equal(a, b) ? 0 : 1), // for equality only
    from: (buffer: ArrayBufferLike, offset: number, length: number) => ({
      includes: (needle: Uint8Array) => native.indexOf(buffer, offset, length, needle) >= 0,
    }),
  },
  // Called by the engine's C code.
  toBytes: (buffer: ArrayBuffer) => new Uint8Array(buffer),
  toBigInt: (digits: string) => BigInt(digits),
});
