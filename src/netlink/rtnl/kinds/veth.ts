import { attrs } from "../../wire/index.ts";
import { headed } from "../headed.ts";
import { commonLinkAttrs, ifinfomsg } from "../link-attrs.ts";
import { VETH_INFO } from "./veth.const.ts";

/**
 * A veth pair. The peer is a link of its own, described whole when the pair is made: name, address, MTU, and the
 * namespace it is born in (`netNsFd`). It cannot be born up. Answers do not have it: see `link` and `linkNetnsId`.
 */
export const veth = attrs({ peer: [VETH_INFO.PEER, headed(ifinfomsg, commonLinkAttrs)] });
