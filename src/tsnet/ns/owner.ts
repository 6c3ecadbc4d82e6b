import { type Container, labelOf, type Namespace } from "../look/index.ts";
import { count } from "../text.ts";

/** Who lives in a namespace, in a few words: a pod with its containers, a container, processes, or what holds it. Hostile text. */
export function ownerText(ns: Namespace): string {
  const { containers } = ns;
  const pod = containers.find((c) => c.pod)?.pod;
  if (pod) {
    const names = containers.map((c) => c.name).filter((name) => name !== undefined && name !== "POD");
    const runtime = containers[0]?.runtime ?? "";
    return `pod ${pod.namespace}/${pod.name} (${runtime}${names.length > 0 ? `: ${names.join(", ")}` : ""})`;
  }
  if (containers.length > 0) return containers.map(containerText).join(", ");
  if (ns.host) return `${count(ns.processCount, "process", "processes")} outside containers`;
  const [first] = ns.processes;
  if (first)
    return `${first.name} (process ${first.pid})${ns.processCount > 1 ? ` and ${ns.processCount - 1} more` : ""}`;
  const [handle] = ns.handles;
  if (handle?.kind === "thread" || handle?.kind === "descriptor") return `held by ${handle.text}`;
  return "";
}

const containerText = ({ runtime, id, name }: Container): string =>
  `${runtime === "cni" ? "attachment" : runtime} ${name ?? id.slice(0, 32)}`;

/** One owner as JSON. */
const containerJson = (c: Container) => ({
  runtime: c.runtime,
  id: c.id,
  name: c.name,
  pod: c.pod,
  pid: c.pid,
  networks: c.networks.length > 0 ? c.networks : undefined,
});

/** What is known of a namespace before it is looked into. */
export const namespaceJson = (ns: Namespace) => ({
  name: ns.name,
  label: labelOf(ns),
  inode: ns.inode,
  host: ns.host,
  own: ns.own,
  containers: ns.containers.map(containerJson),
  processes: ns.processes,
  process_count: ns.processCount,
  handles: ns.handles.map(({ kind, text, path, pid }) => ({ kind, text, path, pid })),
});
