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
