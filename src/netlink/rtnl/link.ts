import {
  attrs,
  bytes,
  type Codec,
  cstring,
  list,
  type MessageInput,
  type MessageOf,
  mac,
  merge,
  message,
  picked,
  type Source,
  s32,
  u32,
} from "../wire/index.ts";
import { afSpec } from "./af-spec.ts";
import { RTM } from "./constants.ts";
import { IFLA } from "./link.const.ts";
import { commonLinkAttrs, ifinfomsg, operState } from "./link-attrs.ts";
import { linkInfo } from "./link-info.ts";

export const linkAttrs = merge(
  commonLinkAttrs,
  attrs({ linkInfo: [IFLA.LINKINFO, linkInfo], afSpec: [IFLA.AF_SPEC, afSpec] }),
);

/** Makes a link (NLM_F_CREATE), changes one; the kernel's answers and notifications. */
export const newLink = message([RTM.NEWLINK, "RTM_NEWLINK"], ifinfomsg, linkAttrs);
export const delLink = message([RTM.DELLINK, "RTM_DELLINK"], ifinfomsg, linkAttrs);
/** Asks for one link by index or `ifname`, or for all; a dump is narrowed by `master` and `linkInfo.kind`. */
export const getLink = message([RTM.GETLINK, "RTM_GETLINK"], ifinfomsg, linkAttrs);
/** Changes a link that exists. */
export const setLink = message([RTM.SETLINK, "RTM_SETLINK"], ifinfomsg, linkAttrs);
/** Gives a link further names (`propList`). */
export const newLinkProp = message([RTM.NEWLINKPROP, "RTM_NEWLINKPROP"], ifinfomsg, linkAttrs);
export const delLinkProp = message([RTM.DELLINKPROP, "RTM_DELLINKPROP"], ifinfomsg, linkAttrs);

/** What is asked of most links; the settings of the link's kind stay bytes. */
const commonlyAsked = picked({
  ifname: [IFLA.IFNAME, cstring],
  propList: [IFLA.PROP_LIST, list(IFLA.ALT_IFNAME, cstring)],
  address: [IFLA.ADDRESS, mac],
  mtu: [IFLA.MTU, u32],
  operstate: [IFLA.OPERSTATE, operState],
  master: [IFLA.MASTER, u32],
  link: [IFLA.LINK, u32],
  linkNetnsId: [IFLA.LINK_NETNSID, s32],
  ifalias: [IFLA.IFALIAS, cstring],
  promiscuity: [IFLA.PROMISCUITY, u32],
  txqlen: [IFLA.TXQLEN, u32],
  linkInfo: [IFLA.LINKINFO, bytes],
});

/**
 * What RTM_NEWLINK says, as far as most want to know; `all` is the whole of it, for `linkAttrs` to read when it is wanted:
 * that takes ten times as long.
 */
export const linkAnswer = message([RTM.NEWLINK, "RTM_NEWLINK"], ifinfomsg, {
  ...commonlyAsked,
  shape: { kind: "custom" },
  read: (src: Source, start: number, end: number) => ({
    ...commonlyAsked.read(src, start, end),
    all: src.bytes.subarray(start, end),
  }),
} satisfies Codec<unknown>);

export type LinkAnswer = MessageOf<typeof linkAnswer>;
export type NewLink = MessageOf<typeof newLink>;
export type NewLinkInput = MessageInput<typeof newLink>;
