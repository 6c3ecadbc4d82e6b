import { CNI_CODE, CniError } from "./errors.ts";
import { fields, hasKey } from "./keys.ts";
import type { CniAttachment, JsonObject } from "./types.ts";

/** Specification 1.1.0, "GC". The second spelling is that of an early release, which libcni still sends beside it. */
const KEYS = ["cni.dev/valid-attachments", "cni.dev/attachments"] as const;

/**
 * The attachments a GC must keep. `null` and `[]` mean none. Because everything else is removed, a list that is absent or
 * unclear is CniError 7 and nothing may be changed.
 */
export function parseValidAttachments(raw: JsonObject): CniAttachment[] {
  const present = KEYS.filter((key) => hasKey(raw, key));
  const lists = present.map((key) => parseList(raw, key));
  const [first, second] = lists;
  if (first === undefined)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `GC needs the list of valid attachments, key "${KEYS[0]}"`,
      "without it every attachment would be removed; an empty list says that this is wanted",
    );
  if (second !== undefined && !sameAttachments(first, second))
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `keys "${KEYS[0]}" and "${KEYS[1]}" list different attachments`,
      "nothing was removed",
    );
  return first;
}

function parseList(raw: JsonObject, key: string): CniAttachment[] {
  return (fields(raw).objects(key) ?? []).map((entry) => {
    const containerID = entry.string("containerID") ?? "";
    const ifname = entry.string("ifname") ?? "";
    if (containerID === "") throw entry.wrong("containerID", "a container ID");
    if (ifname === "") throw entry.wrong("ifname", "an interface name");
    return { containerID, ifname };
  });
}

/** The same set, in any order. */
function sameAttachments(a: readonly CniAttachment[], b: readonly CniAttachment[]): boolean {
  const keyOf = ({ containerID, ifname }: CniAttachment): string => JSON.stringify([containerID, ifname]);
  const inA = new Set(a.map(keyOf));
  const inB = new Set(b.map(keyOf));
  return inA.size === inB.size && [...inA].every((key) => inB.has(key));
}
