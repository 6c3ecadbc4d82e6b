import type { Native } from "../../native/addon.ts";
import { isSystemError } from "../../native/load.ts";

/** What a CNI_NETNS path leads to. */
export type NetnsState =
  | { readonly kind: "foreign" }
  | { readonly kind: "own" }
  | { readonly kind: "missing" }
  | { readonly kind: "no-namespace" }
  /** It could not be looked at, e.g. for want of descriptors; says nothing about whether it is there. */
  | { readonly kind: "unknown"; readonly reason: string };

/** The path leads nowhere, for good: see open(2). */
const GONE = ["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "ENXIO", "ESRCH"];

/** Looks at a network namespace path without entering it. */
export function probeNetns(native: Pick<Native, "netnsOpen" | "netnsIdentity" | "closeFd">, path: string): NetnsState {
  let netns: number;
  try {
    netns = native.netnsOpen(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (GONE.includes(error.code)) return { kind: "missing" };
    return error.code === "EINVAL" ? { kind: "no-namespace" } : { kind: "unknown", reason: error.message };
  }
  try {
    return { kind: native.netnsIdentity(netns) === native.netnsIdentity(-1) ? "own" : "foreign" };
  } finally {
    native.closeFd(netns);
  }
}
