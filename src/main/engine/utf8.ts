/** UTF-8 as the Encoding Standard has it (https://encoding.spec.whatwg.org/#utf-8), for what the C code hands back. */

const REPLACEMENT = 0xfffd;

/** Half surrogate pairs become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const out: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const point = code >= 0xd800 && code < 0xe000 ? REPLACEMENT : code;
    if (point < 0x80) out.push(point);
    else if (point < 0x800) out.push(0xc0 | (point >> 6), continuation(point));
    else if (point < 0x10000) out.push(0xe0 | (point >> 12), continuation(point >> 6), continuation(point));
    else out.push(0xf0 | (point >> 18), continuation(point >> 12), continuation(point >> 6), continuation(point));
  }
  return new Uint8Array(out);
}

const continuation = (bits: number): number => 0x80 | (bits & 0x3f);

/** Each longest piece that cannot become a character is one U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at++] ?? 0;
    let missing = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    let point = missing < 1 ? first : first & (0x3f >> missing);
    let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    for (; missing > 0; missing--, at++, low = 0x80, high = 0xbf) {
      const next = bytes[at] ?? 0;
      if (next < low || next > high) break;
      point = (point << 6) | (next & 0x3f);
    }
    text += String.fromCodePoint(missing === 0 ? point : REPLACEMENT);
  }
  return text;
}
