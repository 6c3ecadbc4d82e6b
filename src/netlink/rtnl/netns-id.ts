import { attrs, message, pad, s32, struct, u8, u32 } from "../wire/index.ts";
import { RTM } from "./constants.ts";
import { NETNSA } from "./netns-id.const.ts";

/** `struct rtgenmsg`, linux/rtnetlink.h: one byte, which the kernel pads to four. */
export const rtgenmsg = struct({ family: u8, pad: pad(3) });

/** The number by which one namespace knows another (`linkNetnsId` of links). */
const nsidAttrs = attrs({
  /** -1: none given yet. */
  nsid: [NETNSA.NSID, s32],
  pid: [NETNSA.PID, u32],
  fd: [NETNSA.FD, u32],
  targetNsid: [NETNSA.TARGET_NSID, s32],
  currentNsid: [NETNSA.CURRENT_NSID, s32],
});

export const newNsid = message([RTM.NEWNSID, "RTM_NEWNSID"], rtgenmsg, nsidAttrs);
export const delNsid = message([RTM.DELNSID, "RTM_DELNSID"], rtgenmsg, nsidAttrs);
export const getNsid = message([RTM.GETNSID, "RTM_GETNSID"], rtgenmsg, nsidAttrs);
