/** One question to a name server and what its answer begins with: RFC 1035, section 4. Pure. */

export interface Question {
  /** `.` is the root. */
  readonly name: string;
  readonly type: "A" | "NS" | "SOA";
}

const TYPE = { A: 1, NS: 2, SOA: 6 } as const;
const IN = 1;
/** Recursion desired; in an answer the first bit says that it is one. */
const RD = 0x0100;
const QR = 0x8000;
const HEADER = 12;
const MAX_NAME = 255;
const MAX_LABEL = 63;

/** Codes of RFC 1035 and RFC 2136. */
const RCODE = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
const NXDOMAIN = 3;

/** The labels of a name that can be asked for; `undefined` when it is none. */
export function labelsOf(name: string): Uint8Array[] | undefined {
  const text = name.replace(/\.$/, "");
  if (text === "") return [];
  const labels = text.split(".").map((label) => new TextEncoder().encode(label));
  if (labels.some(({ length }) => length === 0 || length > MAX_LABEL)) return undefined;
  return labels.reduce((sum, { length }) => sum + length + 1, 1) > MAX_NAME ? undefined : labels;
}

/** @throws RangeError for what is no name */
export function encodeQuestion(id: number, { name, type }: Question): Uint8Array {
  const labels = labelsOf(name);
  if (!labels) throw new RangeError(`"${name}" is no domain name`);
  const bytes: number[] = [...be16(id), ...be16(RD), ...be16(1), 0, 0, 0, 0, 0, 0];
  for (const label of labels) bytes.push(label.length, ...label);
  bytes.push(0, ...be16(TYPE[type]), ...be16(IN));
  return Uint8Array.from(bytes);
}

const be16 = (n: number): [number, number] => [n >> 8, n & 255];

/**
 * What the server said of the question of that number: `undefined` for what does not answer it. That a name does not exist is
 * an answer as good as any.
 */
export function readAnswer(bytes: Uint8Array, id: number): { readonly ok: boolean; readonly code: string } | undefined {
  if (bytes.length < HEADER) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  if (view.getUint16(0) !== id || (flags & QR) === 0) return undefined;
  const code = flags & 15;
  return { ok: code === 0 || code === NXDOMAIN, code: RCODE[code] ?? `code ${code}` };
}
