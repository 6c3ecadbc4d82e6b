import { attrs, be32, be64, bytes, cstring, type Infer, list, message, nested } from "../wire/index.ts";
import { NFTA_DATA, NFTA_LIST, NFTA_SET_ELEM, NFTA_SET_ELEM_LIST } from "./constants.ts";
import { data } from "./data.ts";
import { nfgenmsg, nftType } from "./header.ts";

const element = attrs({
  key: [NFTA_SET_ELEM.KEY, nested(data)],
  data: [NFTA_SET_ELEM.DATA, nested(data)],
  flags: [NFTA_SET_ELEM.FLAGS, be32], // NFT_SET_ELEM
  timeout: [NFTA_SET_ELEM.TIMEOUT, be64], // milliseconds
  expiration: [NFTA_SET_ELEM.EXPIRATION, be64], // milliseconds left
  userdata: [NFTA_SET_ELEM.USERDATA, bytes],
  expr: [NFTA_SET_ELEM.EXPR, bytes],
  pad: [NFTA_SET_ELEM.PAD, bytes],
  objref: [NFTA_SET_ELEM.OBJREF, cstring],
  keyEnd: [NFTA_SET_ELEM.KEY_END, nested(data)], // last key of an interval of concatenations
  expressions: [NFTA_SET_ELEM.EXPRESSIONS, bytes],
});
export type NftElement = Infer<typeof element>;

const elements = (keep?: (bytes: Uint8Array) => boolean) =>
  attrs({
    table: [NFTA_SET_ELEM_LIST.TABLE, cstring],
    set: [NFTA_SET_ELEM_LIST.SET, cstring],
    setId: [NFTA_SET_ELEM_LIST.SET_ID, be32],
    /** One attribute, so below 64 KiB: about 500 elements with comments (`splitElements`). */
    elements: [NFTA_SET_ELEM_LIST.ELEMENTS, nested(list(NFTA_LIST.ELEM, nested(element), keep))],
  });
const all = elements();

export const newElements = message(nftType("NEWSETELEM"), nfgenmsg, all);
/** The same, which reads only some of the elements, by their bytes: hundreds come in one message. */
export const someElements = (keep: (bytes: Uint8Array) => boolean) =>
  message(nftType("NEWSETELEM"), nfgenmsg, elements(keep));
/** As a dump: all elements of a set. Without NLM_F_DUMP: those whose keys it names, one answer each; ENOENT ends it. */
export const getElements = message(nftType("GETSETELEM"), nfgenmsg, all);
export const delElements = message(nftType("DELSETELEM"), nfgenmsg, all);
export type NftElements = Infer<typeof all>;

/**
 * The key that an element begins with: the kernel writes NFTA_SET_ELEM_KEY first, and in it NFTA_DATA_VALUE. `undefined` for
 * one that begins otherwise.
 */
export function leadingKey(element: Uint8Array): Uint8Array | undefined {
  const isKey = element[2] === NFTA_SET_ELEM.KEY && element[6] === NFTA_DATA.VALUE;
  return isKey ? element.subarray(8, 4 + ((element[4] ?? 0) | ((element[5] ?? 0) << 8))) : undefined;
}
