import { attrs, be32, nested } from "../../wire/index.ts";
import { data } from "../data.ts";
import { NFTA_IMMEDIATE } from "./constants.ts";

/** Puts a constant, or a verdict, into a register. */
export const immediate = attrs({
  dreg: [NFTA_IMMEDIATE.DREG, be32], // 0 is the verdict
  data: [NFTA_IMMEDIATE.DATA, nested(data)],
});
