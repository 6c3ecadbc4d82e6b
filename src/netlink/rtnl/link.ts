import { attrs, bytes, type MessageInput, type MessageOf, merge, message } from "../wire/index.ts";
import { afSpec } from "./af-spec.ts";
import { RTM } from "./constants.ts";
import { IFLA } from "./link.const.ts";
import { commonLinkAttrs, ifinfomsg } from "./link-attrs.ts";
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

/**
 * What RTM_NEWLINK says, with the settings of the link's kind and of its families left as bytes, for `linkInfo` and `afSpec`
 * to read when they are wanted: reading those takes longer than all the rest.
 */
export const linkAnswer = message(
  [RTM.NEWLINK, "RTM_NEWLINK"],
  ifinfomsg,
  merge(commonLinkAttrs, attrs({ linkInfo: [IFLA.LINKINFO, bytes], afSpec: [IFLA.AF_SPEC, bytes] })),
);

export type LinkAnswer = MessageOf<typeof linkAnswer>;
export type NewLink = MessageOf<typeof newLink>;
export type NewLinkInput = MessageInput<typeof newLink>;
