/** Searching for more costs as much as decoding. */
const MOST_SEARCHES = 10;

/**
 * Whether bytes hold any of these stretches; `undefined` when searching is not worth it. In a long list of which little
 * matters, searching takes a tenth of the time that decoding does.
 */
export function containsAny(needles: readonly Uint8Array[] | undefined): ((bytes: Uint8Array) => boolean) | undefined {
  if (needles === undefined || needles.length > MOST_SEARCHES) return undefined;
  return (bytes) => needles.some((needle) => includes(bytes, needle));
}

function includes(bytes: Uint8Array, needle: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(needle);
}
