import { attrs, be32, be64, bytes, cstring, type Infer, list, message, nested } from "../wire/index.ts";
import { NFTA_DEVICE, NFTA_FLOWTABLE, NFTA_FLOWTABLE_HOOK, NFTA_OBJ } from "./constants.ts";
import { nfgenmsg, nftType } from "./header.ts";

const object = attrs({
  table: [NFTA_OBJ.TABLE, cstring],
  name: [NFTA_OBJ.NAME, cstring],
  type: [NFTA_OBJ.TYPE, be32], // NFT_OBJECT
  data: [NFTA_OBJ.DATA, bytes], // attributes of the expression of that type
  use: [NFTA_OBJ.USE, be32],
  handle: [NFTA_OBJ.HANDLE, be64],
  pad: [NFTA_OBJ.PAD, bytes],
  userdata: [NFTA_OBJ.USERDATA, bytes],
});

/** Named counters, quotas, helpers … of a table. */
export const newObject = message(nftType("NEWOBJ"), nfgenmsg, object);
export const getObject = message(nftType("GETOBJ"), nfgenmsg, object);
export const delObject = message(nftType("DELOBJ"), nfgenmsg, object);
export type NftObject = Infer<typeof object>;

const hook = attrs({
  num: [NFTA_FLOWTABLE_HOOK.NUM, be32],
  priority: [NFTA_FLOWTABLE_HOOK.PRIORITY, be32], // a signed number
  devs: [NFTA_FLOWTABLE_HOOK.DEVS, nested(list(NFTA_DEVICE.NAME, cstring))],
});

const flowtable = attrs({
  table: [NFTA_FLOWTABLE.TABLE, cstring],
  name: [NFTA_FLOWTABLE.NAME, cstring],
  hook: [NFTA_FLOWTABLE.HOOK, nested(hook)],
  use: [NFTA_FLOWTABLE.USE, be32],
  handle: [NFTA_FLOWTABLE.HANDLE, be64],
  pad: [NFTA_FLOWTABLE.PAD, bytes],
  flags: [NFTA_FLOWTABLE.FLAGS, be32],
});

export const newFlowtable = message(nftType("NEWFLOWTABLE"), nfgenmsg, flowtable);
export const getFlowtable = message(nftType("GETFLOWTABLE"), nfgenmsg, flowtable);
export type NftFlowtable = Infer<typeof flowtable>;
