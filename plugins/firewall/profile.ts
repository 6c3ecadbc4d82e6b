import { commentOf } from "../../src/netlink/nft/index.ts";
import type { Family } from "../../src/plugin/nat/expressions.ts";
import { sha512 } from "../../src/plugin/owner.ts";
import { type IngressPolicy, POLICIES } from "./config.ts";
import { markText } from "./mark.ts";

/**
 * What a container's address wants of the firewall. All addresses that want the same lead to one counter, named after a hash
 * of it: how many refer to it the kernel counts, which tells when the last of them has gone, and with it what they shared.
 */
export interface Profile {
  readonly family: Family;
  /** One bit of packets' marks. */
  readonly mark: number;
  readonly adminChain: string;
  readonly policy: IngressPolicy;
  /** The host's link that leads to the container; for a policy only. */
  readonly link: string | undefined;
}

const MARK = "tsnet1 firewall";

/** Begins the comment of every counter of a profile: a stretch of bytes to look for. */
export const PROFILE_MARK = MARK;

/** No link can be called that. */
const NO_LINK = ".";

/** Says it all, for the counter's comment, from which it is read again. A link's name may hold anything but space. */
const textOf = ({ family, mark, policy, link, adminChain }: Profile): string =>
  `${MARK} ${family} ${markText(mark)} ${policy} ${link === undefined ? NO_LINK : encodeURIComponent(link)} ${adminChain}`;

export function profileCounter(profile: Profile): { name: string; about: string } {
  const about = textOf(profile);
  return { name: `fw-${sha512(about).slice(0, 16)}`, about };
}

/** The profile that an object's comment tells of; `undefined` for others' objects. */
export function profileOf({ userdata }: { readonly userdata?: Uint8Array | undefined }): Profile | undefined {
  const pattern = /^tsnet1 firewall ([46]) 0x([0-9a-f]{1,8}) (\S+) (\S+) (\S+)$/;
  const [, family, mark = "", policyText, link = NO_LINK, adminChain = ""] =
    pattern.exec(commentOf(userdata) ?? "") ?? [];
  const policy = POLICIES.find((p) => p === policyText);
  if (family === undefined || policy === undefined) return undefined;
  return {
    family: family === "4" ? 4 : 6,
    mark: Number.parseInt(mark, 16),
    adminChain,
    policy,
    link: link === NO_LINK ? undefined : decoded(link),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
