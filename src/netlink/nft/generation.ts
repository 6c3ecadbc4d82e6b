import { attrs, be32, cstring, message } from "../wire/index.ts";
import { NFNL_BATCH, NFNL_MSG, NFTA_GEN } from "./constants.ts";
import { nfgenmsg, nftType } from "./header.ts";

const gen = attrs({
  id: [NFTA_GEN.ID, be32],
  pid: [NFTA_GEN.PROC_PID, be32],
  process: [NFTA_GEN.PROC_NAME, cstring],
});

/** The rule set's generation: one more after each change by anybody in this namespace. */
export const newGen = message(nftType("NEWGEN"), nfgenmsg, gen);
export const getGen = message(nftType("GETGEN"), nfgenmsg, gen);

/** `resId` is the subsystem. With a generation, the kernel refuses the batch (ERESTART) when it is no longer current. */
export const batchBegin = message(
  [NFNL_MSG.BATCH_BEGIN, "NFNL_MSG_BATCH_BEGIN"],
  nfgenmsg,
  attrs({ genId: [NFNL_BATCH.GENID, be32] }),
);
/** Commits. A batch without it is checked, then dropped. */
export const batchEnd = message([NFNL_MSG.BATCH_END, "NFNL_MSG_BATCH_END"], nfgenmsg, attrs({}));
