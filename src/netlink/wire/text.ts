import { type Codec, EncodeError, need, type Sink, type Source } from "./codec.ts";

export const encoder = new TextEncoder();
/** Keeps a byte order mark: netlink text is bytes, and what is read is written back. */
export const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function readText(src: Source, start: number, end: number): string {
  const stop = src.bytes.indexOf(0, start);
  return decoder.decode(src.bytes.subarray(start, stop < 0 || stop > end ? end : stop));
}

function textBytes(value: string): Uint8Array {
  if (value.includes("\0")) throw new EncodeError(`${JSON.stringify(value)} holds a NUL byte`);
  if (!value.isWellFormed()) throw new EncodeError(`${JSON.stringify(value)} is not well-formed Unicode`);
  return encoder.encode(value);
}

/** Text with its terminating NUL (NLA_NUL_STRING). A missing NUL is tolerated when read. */
export const cstring: Codec<string> = {
  size: undefined,
  shape: { kind: "string" },
  read: readText,
  write(sink, value) {
    sink.put(textBytes(value));
    sink.take(1);
  },
};

/** Text in a field of `size` bytes, NUL-padded, at least one NUL at its end (`char name[IFNAMSIZ]`). */
export function fixedString(size: number): Codec<string> {
  return {
    size,
    shape: { kind: "string", size },
    read(src, start, end) {
      need(start, end, size);
      return readText(src, start, start + size);
    },
    write(sink, value) {
      const bytes = textBytes(value);
      if (bytes.length >= size) throw new EncodeError(`"${value}" is longer than ${size - 1} bytes`);
      const at = sink.take(size);
      sink.bytes.set(bytes, at);
    },
  };
}

/** Whatever stands there, as a copy. */
export const bytes: Codec<Uint8Array> = {
  size: undefined,
  shape: { kind: "bytes" },
  read: (src, start, end) => src.bytes.slice(start, end),
  write: (sink, value) => sink.put(value),
};

export function fixedBytes(size: number): Codec<Uint8Array> {
  return {
    size,
    shape: { kind: "bytes", size },
    read(src, start, end) {
      need(start, end, size);
      return src.bytes.slice(start, start + size);
    },
    write(sink, value) {
      if (value.length !== size) throw new EncodeError(`need ${size} bytes, have ${value.length}`);
      sink.put(value);
    },
  };
}

/** An attribute that says something by being there (NLA_FLAG). */
export const flag: Codec<true> = {
  size: undefined,
  shape: { kind: "flag" },
  read: () => true,
  write(_sink: Sink) {},
};
