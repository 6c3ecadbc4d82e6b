import { attrs, be32, be64, bytes, cstring, enumOf } from "../../wire/index.ts";
import { NFTA_DYNSET } from "./constants-more.ts";

/** Elements added by packets: `add @set { ip saddr }`, `update`, `delete`. */
export const dynset = attrs({
  setName: [NFTA_DYNSET.SET_NAME, cstring],
  setId: [NFTA_DYNSET.SET_ID, be32],
  op: [NFTA_DYNSET.OP, enumOf(be32, { add: 0, update: 1, delete: 2 })],
  sregKey: [NFTA_DYNSET.SREG_KEY, be32],
  sregData: [NFTA_DYNSET.SREG_DATA, be32],
  timeout: [NFTA_DYNSET.TIMEOUT, be64], // milliseconds
  expr: [NFTA_DYNSET.EXPR, bytes], // an expression, encoded
  pad: [NFTA_DYNSET.PAD, bytes],
  flags: [NFTA_DYNSET.FLAGS, be32],
  expressions: [NFTA_DYNSET.EXPRESSIONS, bytes],
});
