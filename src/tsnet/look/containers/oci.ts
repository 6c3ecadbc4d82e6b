import type { JsonObject } from "../../../cni/types.ts";
import { objectField, textField } from "../files.ts";
import type { Pod } from "../model.ts";
import type { Known } from "./container.ts";

/**
 * Annotations that runtimes write into config.json: containerd's pkg/cri/annotations, CRI-O's pkg/annotations and the labels that kubelet
 * gives it, Podman's pkg/annotations, nerdctl's labels.
 */
const NAMES = [
  "io.kubernetes.cri.container-name",
  "io.kubernetes.container.name",
  "io.podman.annotations.name",
  "nerdctl/name",
];
/** A pod's own container, which holds its namespaces; CRI-O calls it POD. */
const TYPES = ["io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"];
const POD_NAMES = ["io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"];
const POD_NAMESPACES = ["io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace"];

/** Name, pod and network namespace out of an OCI bundle's config.json. */
export function fromOciConfig(config: JsonObject | undefined): Partial<Known> {
  const annotations = objectField(config, "annotations");
  const first = (keys: readonly string[]): string | undefined =>
    keys.map((key) => textField(annotations, key)).find((value) => value !== undefined);
  const podName = first(POD_NAMES);
  const pod: Pod | undefined =
    podName === undefined ? undefined : { name: podName, namespace: first(POD_NAMESPACES) ?? "default" };
  const name = first(TYPES) === "sandbox" ? undefined : first(NAMES);
  return { name, pod, netns: netnsOf(config) };
}

function netnsOf(config: JsonObject | undefined): string | undefined {
  const list = objectField(config, "linux")?.["namespaces"];
  if (!Array.isArray(list)) return undefined;
  for (const entry of list) {
    const namespace = objectField({ entry }, "entry");
    if (textField(namespace, "type") === "network") return textField(namespace, "path");
  }
  return undefined;
}
