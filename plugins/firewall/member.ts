import type { Cidr } from "../../src/ip/index.ts";
import type { Family } from "../../src/plugin/nat/expressions.ts";
import type { Attachment } from "../../src/plugin/owner.ts";
import type { Profile } from "./profile.ts";

/** An attachment as the firewall sees it. */
export interface Member {
  readonly attachment: Attachment;
  readonly addresses: readonly Cidr[];
  /** The bit of packets' marks that lets them pass. */
  readonly mark: number;
  /** What its addresses of a family want. */
  readonly profiles: Readonly<Record<Family, Profile>>;
  /** The links of the host that belong to it, or that it is reached by. */
  readonly hostSide: readonly string[];
  /** The host's end, a bridge's port, of a container that is to be isolated from others on the bridge. */
  readonly port: string | undefined;
}

/** The profiles that its addresses need. */
export const profilesOf = ({ addresses, profiles }: Member): Profile[] =>
  [...new Set(addresses.map(({ ip }) => ip.family))].map((family) => profiles[family]);
