import { attrs, u32 } from "../../wire/index.ts";
import { IFLA_VRF, IFLA_VRF_PORT } from "./vrf.const.ts";

/** A routing domain: links enslaved to it use its table. */
export const vrf = attrs({ table: [IFLA_VRF.TABLE, u32] });

/** What a link in a vrf tells. */
export const vrfPort = attrs({ table: [IFLA_VRF_PORT.TABLE, u32] });
