import { attrs, be32, be64, bytes, cstring, enumOf, type Infer, list, message, nested } from "../wire/index.ts";
import { NFTA_LIST, NFTA_SET, NFTA_SET_DESC, NFTA_SET_FIELD } from "./constants.ts";
import { nfgenmsg, nftType } from "./header.ts";

const desc = attrs({
  size: [NFTA_SET_DESC.SIZE, be32], // at most that many elements
  /** Length of each part of a concatenated key, in bytes before padding; used by interval sets. */
  concat: [NFTA_SET_DESC.CONCAT, nested(list(NFTA_LIST.ELEM, nested(attrs({ len: [NFTA_SET_FIELD.LEN, be32] }))))],
});

const set = attrs({
  table: [NFTA_SET.TABLE, cstring],
  name: [NFTA_SET.NAME, cstring], // anonymous ones: `__set%d`, numbered by the kernel
  flags: [NFTA_SET.FLAGS, be32], // NFT_SET
  keyType: [NFTA_SET.KEY_TYPE, be32], // TYPE
  keyLen: [NFTA_SET.KEY_LEN, be32], // bytes, each part of a concatenation padded to four
  dataType: [NFTA_SET.DATA_TYPE, be32], // TYPE, or NFT_DATA.VERDICT
  dataLen: [NFTA_SET.DATA_LEN, be32],
  policy: [NFTA_SET.POLICY, enumOf(be32, { performance: 0, memory: 1 })],
  desc: [NFTA_SET.DESC, nested(desc)],
  id: [NFTA_SET.ID, be32], // names the set within its batch
  timeout: [NFTA_SET.TIMEOUT, be64], // milliseconds
  gcInterval: [NFTA_SET.GC_INTERVAL, be32], // milliseconds
  userdata: [NFTA_SET.USERDATA, bytes],
  pad: [NFTA_SET.PAD, bytes],
  objType: [NFTA_SET.OBJ_TYPE, be32],
  handle: [NFTA_SET.HANDLE, be64],
  expr: [NFTA_SET.EXPR, bytes],
  expressions: [NFTA_SET.EXPRESSIONS, bytes],
});

export const newSet = message(nftType("NEWSET"), nfgenmsg, set);
export const getSet = message(nftType("GETSET"), nfgenmsg, set);
export const delSet = message(nftType("DELSET"), nfgenmsg, set);
export type NftSet = Infer<typeof set>;
