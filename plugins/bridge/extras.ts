import type { Link } from "../../src/kernel/link.ts";
import { markNote } from "../../src/plugin/owner.ts";
import type { BridgeConf } from "./config.ts";

/** What an attachment may have beside its links and its lease. */
export interface Extras {
  /** Masquerading. */
  readonly masq: boolean;
  /** The check of source addresses. */
  readonly spoof: boolean;
}

/** The word in the alias of the host's end that says what else ADD makes: `+masq+spoof`, or `+` for nothing. */
export const noteOf = (conf: BridgeConf): string =>
  `+${[...(conf.ipMasq ? ["masq"] : []), ...(conf.macSpoofCheck ? ["spoof"] : [])].join("+")}`;

/**
 * What DEL has to look for. The host's end says what ADD made, whatever the config says by now; without it, an earlier DEL
 * or another program's, everything is looked for.
 */
export function extrasOf(hostEnd: Link | undefined): Extras {
  const note = markNote(hostEnd?.alias);
  return { masq: note?.includes("masq") ?? true, spoof: note?.includes("spoof") ?? true };
}
