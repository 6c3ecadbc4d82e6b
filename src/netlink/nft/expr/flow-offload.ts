import { attrs, cstring } from "../../wire/index.ts";
import { NFTA_FLOW } from "./constants-more.ts";

/** `flow add @table` */
export const flowOffload = attrs({ table: [NFTA_FLOW.TABLE_NAME, cstring] });
