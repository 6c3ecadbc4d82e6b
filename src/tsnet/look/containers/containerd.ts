import { type LookNative, namesIn, objectField, objectIn, textField, textOf, toPid } from "../files.ts";
import type { Remark } from "../model.ts";
import { isContainerId, type Known } from "./container.ts";
import { fromOciConfig } from "./oci.ts";

const TASKS = "/run/containerd/io.containerd.runtime.v2.task";

/** Tasks of containerd: `<namespace>/<id>/{config.json,init.pid}`; `moby` is Docker, `k8s.io` kubelet's. */
export function containerdTasks(native: LookNative, root: string, remarks: Remark[]): Known[] {
  const found: Known[] = [];
  for (const namespace of namesIn(native, `${root}${TASKS}`, remarks))
    for (const id of namesIn(native, `${root}${TASKS}/${namespace}`, remarks)) {
      if (!isContainerId(id)) continue;
      const bundle = `${root}${TASKS}/${namespace}/${id}`;
      const config = fromOciConfig(objectIn(native, `${bundle}/config.json`, remarks));
      found.push({
        ...config,
        id,
        runtime: namespace === "moby" ? "docker" : "containerd",
        pid: toPid(textOf(native, `${bundle}/init.pid`, 64)),
        name: config.name ?? (namespace === "moby" ? dockerName(native, root, id, remarks) : undefined),
      });
    }
  return found;
}

/** Docker's own name, `/web` in its config.v2.json. */
function dockerName(native: LookNative, root: string, id: string, remarks: Remark[]): string | undefined {
  const file = objectIn(native, `${root}/var/lib/docker/containers/${id}/config.v2.json`, remarks);
  return textField(file, "Name")?.replace(/^\//, "");
}

/**
 * containerd keeps nerdctl's names as labels, which are in its database; nerdctl's own store has them as well (its docs/dir.md):
 * `<data root>/<address>/names/<namespace>/<name>` holds the container's ID. Its versions 2.0 and 2.1 left `names/` out
 * (nerdctl's issue 4535).
 */
export function nerdctlNames(native: LookNative, root: string, remarks: Remark[]): Known[] {
  const found: Known[] = [];
  const base = `${root}/var/lib/nerdctl`;
  for (const address of namesIn(native, base, remarks)) {
    const store = `${base}/${address}`;
    const folders = [
      ...namesIn(native, `${store}/names`, remarks).map((namespace) => `${store}/names/${namespace}`),
      ...namesIn(native, `${store}/containers`, remarks).map((namespace) => `${store}/${namespace}`),
    ];
    for (const folder of folders)
      for (const name of namesIn(native, folder, remarks)) {
        const id = textOf(native, `${folder}/${name}`, 1024)?.trim();
        if (id !== undefined && isContainerId(id)) found.push({ id, name });
      }
  }
  return found;
}

/** State of runc, `<id>/state.json`: the first process and the namespace, for bundles that nobody else knows. */
export function runcStates(native: LookNative, root: string, remarks: Remark[]): Known[] {
  const found: Known[] = [];
  for (const id of namesIn(native, `${root}/run/runc`, remarks)) {
    if (!isContainerId(id)) continue;
    const state = objectIn(native, `${root}/run/runc/${id}/state.json`, remarks);
    if (state === undefined) continue;
    const netns = textField(objectField(state, "namespace_paths"), "NEWNET");
    found.push({ id, runtime: "runc", pid: toPid(state["init_process_pid"]), netns });
  }
  return found;
}
