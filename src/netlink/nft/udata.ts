import { UDATA } from "./constants.ts";

/** One entry of user data: the kernel keeps it unread, `nft` and we agree on the form. */
export interface UserData {
  readonly type: number;
  readonly data: Uint8Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Entries as bytes: one byte type, one byte length, value. The kernel takes 256 bytes in all (NFT_USERDATA_MAXLEN). */
export function userData(entries: readonly UserData[]): Uint8Array {
  const out = new Uint8Array(entries.reduce((n, e) => n + 2 + e.data.length, 0));
  let at = 0;
  for (const { type, data } of entries) {
    if (data.length > 255) throw new RangeError(`user data entry of ${data.length} bytes; at most 255 fit`);
    out[at] = type;
    out[at + 1] = data.length;
    out.set(data, at + 2);
    at += 2 + data.length;
  }
  return out;
}

/** Reads entries. Other programs may write other things: what does not add up ends the list. */
export function parseUserData(bytes: Uint8Array | undefined): UserData[] {
  const out: UserData[] = [];
  if (!bytes) return out;
  for (let at = 0; at + 2 <= bytes.length; ) {
    const end = at + 2 + (bytes[at + 1] ?? 0);
    if (end > bytes.length) break;
    out.push({ type: bytes[at] ?? 0, data: bytes.subarray(at + 2, end) });
    at = end;
  }
  return out;
}

/** A comment's entry as `nft` writes it, with its NUL. `nft` accepts at most 128 bytes. */
export function commentEntry(text: string, type: number = UDATA.COMMENT): UserData {
  const bytes = encoder.encode(text);
  const data = new Uint8Array(bytes.length + 1);
  data.set(bytes);
  return { type, data };
}

/** User data that is a comment alone. */
export const comment = (text: string): Uint8Array => userData([commentEntry(text)]);

/** The comment among user data; `undefined` when there is none. */
export function commentOf(bytes: Uint8Array | undefined, type: number = UDATA.COMMENT): string | undefined {
  const data = parseUserData(bytes).find((e) => e.type === type)?.data;
  if (!data) return undefined;
  const stop = data.indexOf(0);
  return decoder.decode(stop < 0 ? data : data.subarray(0, stop));
}
