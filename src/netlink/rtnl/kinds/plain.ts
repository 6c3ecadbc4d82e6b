import { attrs } from "../../wire/index.ts";

/** A kind without settings of its own: "dummy" (swallows what it gets) and "ifb" (a place for ingress shaping). */
export const plain = attrs({});
