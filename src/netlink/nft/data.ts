import { attrs, be32, bytes, cstring, enumOf, type Infer, nested } from "../wire/index.ts";
import { NFTA_DATA, NFTA_VERDICT } from "./constants.ts";

/** What a rule says in the end; linux/netfilter.h (NF_DROP …) and enum nft_verdicts, whose negative numbers travel as unsigned. */
export const verdictCode = enumOf(be32, {
  drop: 0,
  accept: 1,
  stolen: 2,
  queue: 3,
  repeat: 4,
  continue: 0xffff_ffff,
  break: 0xffff_fffe,
  jump: 0xffff_fffd,
  goto: 0xffff_fffc,
  return: 0xffff_fffb,
});

export const verdict = attrs({
  code: [NFTA_VERDICT.CODE, verdictCode],
  chain: [NFTA_VERDICT.CHAIN, cstring],
  chainId: [NFTA_VERDICT.CHAIN_ID, be32],
});
export type Verdict = Infer<typeof verdict>;

/** A constant: bytes as they stand in registers, or a verdict. */
export const data = attrs({
  value: [NFTA_DATA.VALUE, bytes],
  verdict: [NFTA_DATA.VERDICT, nested(verdict)],
});
export type Data = Infer<typeof data>;
