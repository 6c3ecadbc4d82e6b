import type { Message } from "../netlink/wire/index.ts";

/** Searching for more costs as much as decoding. */
const MOST_SEARCHES = 10;

/**
 * The same message, which decodes only what holds any of these stretches of bytes and reads the rest as `nothing`: in a
 * long list of which little matters, searching takes a tenth of the time.
 */
export function onlyWith<M extends Message>(
  message: M,
  needles: readonly Uint8Array[] | undefined,
  nothing: ReturnType<M["decode"]>,
): M {
  const contains = containsAny(needles);
  if (contains === undefined) return message;
  return { ...message, decode: (bytes) => (contains(bytes) ? message.decode(bytes) : nothing) };
}

/** Whether bytes hold any of these stretches; `undefined` when searching is not worth it. */
export function containsAny(needles: readonly Uint8Array[] | undefined): ((bytes: Uint8Array) => boolean) | undefined {
  if (needles === undefined || needles.length > MOST_SEARCHES) return undefined;
  return (bytes) => needles.some((needle) => includes(bytes, needle));
}

function includes(bytes: Uint8Array, needle: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(needle);
}
