import { attrs, be32, be64, bytes, cstring, type Infer, message } from "../wire/index.ts";
import { NFTA_TABLE } from "./constants.ts";
import { nfgenmsg, nftType } from "./header.ts";

const table = attrs({
  name: [NFTA_TABLE.NAME, cstring],
  flags: [NFTA_TABLE.FLAGS, be32], // 1 dormant, 2 owned by a socket
  use: [NFTA_TABLE.USE, be32], // chains, sets and objects in it
  handle: [NFTA_TABLE.HANDLE, be64],
  pad: [NFTA_TABLE.PAD, bytes],
  userdata: [NFTA_TABLE.USERDATA, bytes],
  owner: [NFTA_TABLE.OWNER, be32], // netlink port of the owner
});

export const newTable = message(nftType("NEWTABLE"), nfgenmsg, table);
export const getTable = message(nftType("GETTABLE"), nfgenmsg, table);
export const delTable = message(nftType("DELTABLE"), nfgenmsg, table);
export type NftTable = Infer<typeof table>;
