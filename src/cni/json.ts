import { CNI_CODE, CniError } from "./errors.ts";
import type { Json, JsonObject } from "./types.ts";

/** A byte order mark is kept, so that it is refused as the reference does. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Deeper documents are refused, as by the reference's decoder; also keeps our own recursion safe. */
const MAX_DEPTH = 10_000;

/**
 * Parses JSON in UTF-8 (wrong sequences become U+FFFD). Throws CniError 6.
 * @param what the document's name in the error, e.g. `the network configuration on stdin`
 */
export function decodeJson(bytes: Uint8Array | string, what: string): Json {
  const text = typeof bytes === "string" ? bytes : decoder.decode(bytes);
  if (text.trim() === "") throw new CniError(CNI_CODE.DECODING_FAILURE, `cannot decode ${what}: it is empty`);
  if (nesting(text) > MAX_DEPTH)
    throw new CniError(CNI_CODE.DECODING_FAILURE, `cannot decode ${what}: nested deeper than ${MAX_DEPTH}`);
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CniError(CNI_CODE.DECODING_FAILURE, `cannot decode ${what}: not JSON`, short(reason));
  }
}

/** The same, for a document that must be an object; `null` counts as an empty one, as the reference has it. */
export function decodeJsonObject(bytes: Uint8Array | string, what: string): JsonObject {
  const value = decodeJson(bytes, what);
  if (value === null) return {};
  if (!isObject(value))
    throw new CniError(CNI_CODE.DECODING_FAILURE, `cannot decode ${what}: need an object, have ${show(value)}`);
  return value;
}

/** The deepest nesting of the document. Short ones cannot be too deep and are not looked at. */
function nesting(text: string): number {
  if (text.length <= MAX_DEPTH) return 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at);
    else if (unit === 0x5b || unit === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (unit === 0x5d || unit === 0x7d) depth--;
  }
  return deepest;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where the string that begins at `start` ends: its closing quote, before which stand no backslashes or an even number of them. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((end - before) % 2 === 0) return end;
  }
  return text.length;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as it may stand in an error message: JSON, cut to 80 characters. */
export function show(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "an object";
  return short(JSON.stringify(value));
}

function short(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}

export interface JsonStyle {
  /** Four spaces a level, as results and errors are printed; otherwise one line without spaces. */
  readonly indent?: boolean;
  /** Keys in the order of their bytes, as the reference writes maps; otherwise in the object's own order. */
  readonly sorted?: boolean;
}

/**
 * Writes JSON byte for byte as the reference plugins do: `<`, `>`, `&`, U+2028 and U+2029 as `\u` escapes, unpaired
 * surrogates as U+FFFD, no newline at the end. Members that are `undefined` are left out.
 */
export function encodeJson(value: unknown, style: JsonStyle = {}): string {
  return write(value, style, style.indent ? "\n" : "");
}

function write(value: unknown, style: JsonStyle, newline: string): string {
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = newline === "" ? "" : `${newline}    `;
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === "" ? "[" : ","}${inner}${write(item, style, inner)}`;
    return text === "" ? "[]" : `${text}${newline}]`;
  }
  const members = value as Record<string, unknown>;
  const colon = style.indent ? ": " : ":";
  for (const key of style.sorted ? sortedKeys(members) : Object.keys(members)) {
    const member = members[key];
    if (member !== undefined)
      text += `${text === "" ? "{" : ","}${inner}${quote(key)}${colon}${write(member, style, inner)}`;
  }
  return text === "" ? "{}" : `${text}${newline}}`;
}

/** By their bytes: JavaScript's own order, but where there are characters behind the surrogates. */
function sortedKeys(members: Record<string, unknown>): string[] {
  const keys = Object.keys(members).sort();
  return /[\ud800-\uffff]/.test(keys.join("")) ? keys.sort(compareBytes) : keys;
}

const ESCAPED = /[<>&\u2028\u2029]/g;

function quote(text: string): string {
  if (!/[<>&\u2028\u2029\ud800-\udfff]/.test(text)) return JSON.stringify(text);
  return JSON.stringify(text.toWellFormed()).replace(
    ESCAPED,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The order of UTF-8 bytes: that of code points, where UTF-16 puts U+E000..U+FFFF after the surrogates. */
export function compareBytes(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
