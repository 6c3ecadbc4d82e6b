/**
 * Messages of D-Bus as far as calling a method needs them: arguments are texts, and of an answer the first text or truth
 * value is read. D-Bus Specification 0.43, "Message Protocol". Little endian both ways: a daemon answers in the byte order it
 * was asked in.
 */

/** A call of a method. */
export interface DbusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly args: readonly string[];
}

/** An answer to one of our calls; other messages (signals) have no `replyTo` that is ours. */
export interface DbusAnswer {
  readonly kind: "return" | "error" | "other";
  /** Serial number of the call. */
  readonly replyTo: number;
  /** `org.freedesktop.DBus.Error.ServiceUnknown`; empty for no error. */
  readonly errorName: string;
  /** First value of the body, where it is a text or a truth value. */
  readonly value: string | boolean | undefined;
}

const CALL = 1;
const KINDS: Readonly<Record<number, DbusAnswer["kind"]>> = { 2: "return", 3: "error" };
/** Codes of header fields. */
const FIELD = {
  PATH: 1,
  INTERFACE: 2,
  MEMBER: 3,
  ERROR_NAME: 4,
  REPLY_SERIAL: 5,
  DESTINATION: 6,
  SIGNATURE: 8,
} as const;
const LITTLE_ENDIAN = 0x6c; // 'l'
const FIXED_BYTES = 16;
/** A message is at most 128 MiB by the specification; no answer we ask for comes near this. */
export const MAX_MESSAGE = 1 << 16;

/** What cannot be read, or says that it is longer than we take. */
export class DbusError extends Error {
  override readonly name = "DbusError";
}

export function encodeCall(serial: number, call: DbusCall): Uint8Array {
  const body: number[] = [];
  for (const text of call.args) putText(body, text);
  const fields: number[] = [];
  putField(fields, FIELD.PATH, "o", call.path);
  putField(fields, FIELD.INTERFACE, "s", call.interface);
  putField(fields, FIELD.MEMBER, "s", call.member);
  putField(fields, FIELD.DESTINATION, "s", call.destination);
  if (call.args.length > 0) putField(fields, FIELD.SIGNATURE, "g", "s".repeat(call.args.length));
  const out: number[] = [LITTLE_ENDIAN, CALL, 0, 1];
  putU32(out, body.length);
  putU32(out, serial);
  putU32(out, fields.length);
  out.push(...fields);
  pad(out, 8);
  out.push(...body);
  return Uint8Array.from(out);
}

function pad(out: number[], to: number): void {
  while (out.length % to !== 0) out.push(0);
}

function putU32(out: number[], value: number): void {
  pad(out, 4);
  out.push(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
}

function putText(out: number[], text: string): void {
  const bytes = asciiBytes(text);
  putU32(out, bytes.length);
  out.push(...bytes, 0);
}

/** Arrays of fields begin at a multiple of eight, so places within them are places within the message. */
function putField(out: number[], code: number, type: "o" | "s" | "g", text: string): void {
  pad(out, 8);
  out.push(code, 1, type.charCodeAt(0), 0);
  if (type === "g") out.push(text.length, ...asciiBytes(text), 0);
  else putText(out, text);
}

function asciiBytes(text: string): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code > 126) throw new DbusError(`cannot send ${JSON.stringify(text)}: not ASCII`);
    bytes.push(code);
  }
  return bytes;
}

/** Length of the message that begins with these bytes; `undefined` while too few have come to tell. */
export function messageLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < FIXED_BYTES) return undefined;
  const reader = readerOf(bytes, FIXED_BYTES);
  if (bytes[0] !== LITTLE_ENDIAN) throw new DbusError("the bus answered in another byte order than it was asked in");
  const body = reader.u32At(4);
  const header = FIXED_BYTES + reader.u32At(12);
  const length = Math.ceil(header / 8) * 8 + body;
  if (length > MAX_MESSAGE)
    throw new DbusError(`the bus sent a message of ${length} bytes; at most ${MAX_MESSAGE} are taken`);
  return length;
}

/** Reads a whole message. */
export function decodeAnswer(bytes: Uint8Array): DbusAnswer {
  const fields = readerOf(bytes, FIXED_BYTES + readerOf(bytes, FIXED_BYTES).u32At(12));
  let replyTo = 0;
  let errorName = "";
  let signature = "";
  for (let at = FIXED_BYTES; at < fields.end; at = Math.ceil(at / 8) * 8) {
    const code = fields.byteAt(at);
    const type = fields.textAt(at + 1, 1);
    at += 4;
    if (type.text === "u") {
      if (code === FIELD.REPLY_SERIAL) replyTo = fields.u32At(at);
      at += 4;
      continue;
    }
    const value = fields.textAt(at, type.text === "g" ? 1 : 4);
    if (code === FIELD.ERROR_NAME) errorName = value.text;
    if (code === FIELD.SIGNATURE) signature = value.text;
    at = value.end;
  }
  const body = readerOf(bytes, bytes.length);
  const bodyAt = Math.ceil(fields.end / 8) * 8;
  return {
    kind: KINDS[bytes[1] ?? 0] ?? "other",
    replyTo,
    errorName,
    value: signature.startsWith("s")
      ? body.textAt(bodyAt, 4).text
      : signature.startsWith("b")
        ? body.u32At(bodyAt) !== 0
        : undefined,
  };
}

/** Every read is checked against the end: what comes over a socket is somebody else's. */
function readerOf(bytes: Uint8Array, end: number) {
  const byteAt = (at: number): number => {
    const byte = at < end ? bytes[at] : undefined;
    if (byte === undefined) throw new DbusError(`the bus sent a message that ends too early (byte ${at} of ${end})`);
    return byte;
  };
  const u32At = (at: number): number =>
    byteAt(at) + byteAt(at + 1) * 0x100 + byteAt(at + 2) * 0x1_0000 + byteAt(at + 3) * 0x100_0000;
  return {
    end,
    byteAt,
    u32At,
    /** A text whose length is in one byte or four; `end` is behind its NUL. */
    textAt(at: number, lengthBytes: 1 | 4): { text: string; end: number } {
      const length = lengthBytes === 1 ? byteAt(at) : u32At(at);
      const start = at + lengthBytes;
      byteAt(start + length);
      let text = "";
      for (let i = start; i < start + length; i++) text += String.fromCharCode(byteAt(i));
      return { text, end: start + length + 1 };
    },
  };
}
