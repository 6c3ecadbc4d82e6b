import { fixedString, Sink, Source } from "../../netlink/wire/index.ts";

/** Bytes of a link's name with its NUL, linux/if.h. */
export const IFNAMSIZ = 16;
const codec = fixedString(IFNAMSIZ);

/** A link's name as the key of a set of type `ifname`. */
export function linkKey(name: string): Uint8Array {
  const sink = new Sink();
  codec.write(sink, name);
  return sink.bytes.slice(0, IFNAMSIZ);
}

/** The name at the beginning of such a key; empty for none. */
export function linkOf(key: Uint8Array | undefined): string {
  return key === undefined || key.length < IFNAMSIZ ? "" : codec.read(new Source(key), 0, IFNAMSIZ);
}
