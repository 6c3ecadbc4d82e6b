import { attrs, be32, cstring } from "../../wire/index.ts";
import { NFTA_OBJREF } from "./constants.ts";

/** A named object (counter, quota, helper …), given or found in a map. */
export const objref = attrs({
  type: [NFTA_OBJREF.IMM_TYPE, be32],
  name: [NFTA_OBJREF.IMM_NAME, cstring],
  setSreg: [NFTA_OBJREF.SET_SREG, be32],
  setName: [NFTA_OBJREF.SET_NAME, cstring],
  setId: [NFTA_OBJREF.SET_ID, be32],
});
