/**
 * An Ethernet address in lower case, colon-separated; `undefined` when the text is none or cannot belong to one
 * interface (multicast bit set, all zero). Accepts the forms `aa:bb:…` and `aa-bb-…` and `aabb.ccdd.eeff`, as Go does.
 */
export function parseMac(text: string): string | undefined {
  const hex = /^[0-9a-f]{4}(\.[0-9a-f]{4}){2}$/i.test(text)
    ? text.replaceAll(".", "")
    : /^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i.test(text)
      ? text.replaceAll(/[:-]/g, "")
      : undefined;
  if (hex === undefined) return undefined;
  const multicast = Number.parseInt(hex.slice(0, 2), 16) & 1;
  if (multicast || /^0+$/.test(hex)) return undefined;
  return hex.toLowerCase().replaceAll(/..(?=.)/g, "$&:");
}

/** A fresh address of the locally administered range. */
export function randomMac(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return bytes.toHex().replaceAll(/..(?=.)/g, "$&:");
}
