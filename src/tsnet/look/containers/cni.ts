import { type LookNative, namesIn, objectIn, textField } from "../files.ts";
import type { Remark } from "../model.ts";
import { isContainerId, type Known } from "./container.ts";

/** Attachments that libcni remembers; `tsnet cni` and every runtime that uses libcni write them. */
export function cniCache(native: LookNative, root: string, remarks: Remark[]): Known[] {
  const folder = `${root}/var/lib/cni/results`;
  const found: Known[] = [];
  for (const file of namesIn(native, folder, remarks)) {
    // Interrupted writes of ours.
    if (file.startsWith(".")) continue;
    const cached = objectIn(native, `${folder}/${file}`, remarks);
    const id = textField(cached, "containerId");
    const network = textField(cached, "networkName");
    if (id === undefined || network === undefined || !isContainerId(id)) continue;
    const args = pairs(cached?.["cniArgs"]);
    const podName = args.get("K8S_POD_NAME");
    found.push({
      id,
      netns: textField(cached, "netns"),
      networks: [`${network}/${textField(cached, "ifName") ?? ""}`],
      pod: podName === undefined ? undefined : { name: podName, namespace: args.get("K8S_POD_NAMESPACE") ?? "default" },
    });
  }
  return found;
}

function pairs(value: unknown): Map<string, string> {
  const out = new Map<string, string>();
  if (!Array.isArray(value)) return out;
  for (const pair of value as unknown[])
    if (Array.isArray(pair) && typeof pair[0] === "string") {
      const text = textField({ text: pair[1] }, "text");
      if (text !== undefined) out.set(pair[0], text);
    }
  return out;
}
