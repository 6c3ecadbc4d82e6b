/**
 * What every codec is. A codec turns a stretch of a netlink message into a value and back; encoder, decoder and static
 * type come from one declaration (`struct`, `attrs`, `message` …).
 *
 * Netlink is in the byte order of the host, and this library runs on little-endian machines only (x86-64); big-endian
 * fields say so in the codec's name.
 */
export interface Codec<Out, In = Out> {
  /** Bytes it always takes; `undefined` when that depends on the value. */
  readonly size: number | undefined;
  /** What values it holds, for tools that draw or print them. */
  readonly shape: Shape;
  /** An attribute with this payload carries NLA_F_NESTED when written. The flag is ignored when read. */
  readonly nested?: boolean;
  /** Reads `[start, end)`. Throws `DecodeError`, never anything else, whatever the bytes. */
  read(src: Source, start: number, end: number): Out;
  write(sink: Sink, value: In): void;
  /** Names the field that stands at byte `offset` of `src`, for the kernel's extended acks. */
  locate?(src: Source, start: number, end: number, offset: number): string[];
  /**
   * Names attribute `type`, which the kernel missed, for its extended acks: in this list itself when `nest` is undefined,
   * else in the nest whose attribute header stands at byte `nest` of `src`.
   */
  missing?(src: Source, start: number, end: number, nest: number | undefined, type: number): string[] | undefined;
}

/** The form of a codec's values. Scalars name their width, containers their parts. */
export type Shape =
  | { kind: "uint"; bits: 8 | 16 | 32 }
  | { kind: "int"; bits: 8 | 16 | 32 }
  | { kind: "bigint"; bits: 64; signed: boolean }
  | { kind: "enum"; names: readonly string[]; bits: 8 | 16 | 32; values: readonly number[] }
  | { kind: "flag" }
  | { kind: "pad"; size: number }
  | { kind: "bytes"; size?: number }
  | { kind: "string"; size?: number }
  | { kind: "ipv4" | "ipv6" | "ip" | "mac" }
  /** `growing`: kernels have lengthened it; older ones leave out fields at its end. */
  | { kind: "struct"; fields: Readonly<Record<string, Codec<unknown, never>>>; growing?: true }
  /** A structure followed by attributes, as in a message. */
  | { kind: "headed"; header: Codec<unknown, never>; attrs: Codec<unknown, never> }
  | { kind: "attrs"; fields: AttrFields; groups: readonly TagGroup[] }
  | { kind: "list"; of: Codec<unknown, never>; first: number; step: 0 | 1 }
  | { kind: "custom" };

export type AttrFields = Readonly<Record<string, readonly [type: number, codec: Codec<unknown, never>]>>;

/** Two sibling attributes, the first a name that decides the form of the second. */
export interface TagGroup {
  readonly kindKey: string;
  readonly kindType: number;
  readonly dataKey: string;
  readonly dataType: number;
  readonly variants: Readonly<Record<string, Codec<unknown, never>>>;
}

/** The type a codec reads. */
export type Infer<C> = C extends { read(src: Source, start: number, end: number): infer T } ? T : never;
/** The type a codec writes: as `Infer`, with the fields of structs optional (absent is zero, as in C). */
// biome-ignore lint/suspicious/noExplicitAny: a type-level pattern; no value is ever of this type
export type Input<C> = C extends Codec<any, infer T> ? T : never;

/** An error about one field. `path` names it from the outside in: `attrs.cacheInfo.valid`. */
class FieldError extends Error {
  readonly path: string[] = [];
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }

  /** Adds an outer field's name and makes the message say so. */
  within(field: string): this {
    this.path.unshift(field);
    this.message = `${this.path.join(".")}: ${this.reason}`;
    return this;
  }
}

/** Bytes that do not fit their schema. */
export class DecodeError extends FieldError {
  override readonly name = "DecodeError";
}

/** A value that its codec cannot write: a number out of range, text that is no address. */
export class EncodeError extends FieldError {
  override readonly name = "EncodeError";
}

/** Runs `work` and puts `field` before the path of an error that comes out of it. */
export function within<T>(field: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FieldError) throw error.within(field);
    throw error;
  }
}

export function need(start: number, end: number, size: number): void {
  if (end - start < size) throw new DecodeError(`need ${size} bytes, have ${end - start}`);
}

/** Bytes to read from. */
export class Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** Bytes being written; grows. */
export class Sink {
  bytes: Uint8Array;
  view: DataView;
  length = 0;
  private capacity: number;

  constructor(capacity = 512) {
    this.capacity = capacity;
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Appends `size` zero bytes and returns where they begin. */
  take(size: number): number {
    const at = this.length;
    const end = at + size;
    if (end > this.capacity) {
      this.capacity = Math.max(end, this.capacity * 2);
      const grown = new Uint8Array(this.capacity);
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    this.length = end;
    return at;
  }

  put(bytes: Uint8Array): void {
    const at = this.take(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** Fills up to the next multiple of four (NLMSG_ALIGN, NLA_ALIGN). */
  align(): void {
    const padding = -this.length & 3;
    if (padding > 0) this.take(padding);
  }

  /** Forgets what was written, to begin anew. */
  reset(): void {
    this.bytes.fill(0, 0, this.length);
    this.length = 0;
  }

  /** What was written; a copy. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}

export const align4 = (n: number): number => (n + 3) & ~3;
