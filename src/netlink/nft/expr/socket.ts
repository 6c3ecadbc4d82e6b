import { attrs, be32, enumOf } from "../../wire/index.ts";
import { NFTA_SOCKET } from "./constants-more.ts";

/** `socket` */
export const socket = attrs({
  key: [NFTA_SOCKET.KEY, enumOf(be32, { transparent: 0, mark: 1, wildcard: 2, cgroupv2: 3 })],
  dreg: [NFTA_SOCKET.DREG, be32],
  level: [NFTA_SOCKET.LEVEL, be32],
});
