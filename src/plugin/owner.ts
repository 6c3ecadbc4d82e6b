/** An attachment: all three together, everywhere. */
export interface Attachment {
  readonly network: string;
  readonly containerId: string;
  readonly ifName: string;
}

/** Whom a kernel object belongs to, as hashes that fit into names, aliases and comments. */
export interface Owner {
  /** 16 hex digits of SHA-512(network). */
  readonly network: string;
  /** 32 hex digits of SHA-512(network NUL containerID NUL ifname). */
  readonly attachment: string;
}

/** Bytes an IFLA_IFALIAS takes before the NUL that we send with it: IFALIASZ (linux/if.h) less one, NUL included. */
export const MAX_ALIAS = 254;
/** Bytes of an nf_tables user data attribute (NFT_USERDATA_MAXLEN 256) that `nft` accepts in a comment. */
export const MAX_COMMENT = 128;

/** First word of every mark of ours; its number changes with the form. */
const MARK = "tsnet1";

export const networkHash = (network: string): string => sha512(network).slice(0, 16);

/** 12 hex digits of SHA-512(containerID): the same on all networks of a container. */
export const containerHash = (containerId: string): string => sha512(containerId).slice(0, 12);

/** A call of a plugin asks a dozen times for that of one attachment. */
let last: { readonly name: string; readonly owner: Owner } | undefined;

export function ownerOf({ network, containerId, ifName }: Attachment): Owner {
  const name = `${network}\0${containerId}\0${ifName}`;
  if (last?.name !== name)
    last = { name, owner: { network: networkHash(network), attachment: sha512(name).slice(0, 32) } };
  return last.owner;
}

/**
 * The text we leave on what we make: `tsnet1 <network hash> <attachment hash> <for people>`, cut to `maxBytes`.
 * Only the hashes are ever compared.
 * @param note a word before the part for people, which a caller finds again
 */
export function ownerMark(attachment: Attachment, maxBytes: number, note?: string): string {
  const { network, attachment: hash } = ownerOf(attachment);
  const { network: name, containerId, ifName } = attachment;
  // A quotation mark would end the comment when `nft list ruleset` is loaded again.
  const rest = `${name} ${containerId} ${ifName.replaceAll('"', "?")}`;
  return cutToBytes(`${MARK} ${network} ${hash} ${note === undefined ? rest : `${note} ${rest}`}`, maxBytes);
}

/** The owner a mark names; `undefined` for text that is not ours. */
export function parseOwnerMark(text: string | undefined): Owner | undefined {
  const match = /^tsnet1 ([0-9a-f]{16}) ([0-9a-f]{32})( |$)/.exec(text ?? "");
  return match?.[1] && match[2] ? { network: match[1], attachment: match[2] } : undefined;
}

/** The words of a mark's note, which begins with `+` and joins them with it; `undefined` when the mark has none. */
export const markNote = (text: string | undefined): string[] | undefined =>
  /^tsnet1 [0-9a-f]+ [0-9a-f]+ \+([a-z+]*) /.exec(text ?? "")?.[1]?.split("+");

/** Name of the host's end of an attachment's veth pair: `veth` and 11 hex digits; the reference's have 8. */
export const hostVethName = (owner: Owner): string => `veth${owner.attachment.slice(0, 11)}`;

/** Whether a name has the form that `hostVethName` gives. */
export const isHostVethName = (name: string): boolean => /^veth[0-9a-f]{11}$/.test(name);

export function sha512(text: string): string {
  return Bun.CryptoHasher.hash("sha512", text, "hex");
}

export function sha256(text: string): string {
  return Bun.CryptoHasher.hash("sha256", text, "hex");
}

/** Cuts text at a character so that its UTF-8 form fits. */
function cutToBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
