import { isObject } from "../../../cni/json.ts";
import type { Json } from "../../../cni/types.ts";
import { jsonIn, type LookNative, namesIn, objectIn, textField, textOf, toPid } from "../files.ts";
import { cut, type Remark } from "../model.ts";
import { isContainerId, type Known } from "./container.ts";
import { fromOciConfig } from "./oci.ts";

const RUN = "/run/containers/storage/overlay-containers";
const LIB = "/var/lib/containers/storage/overlay-containers";

/** Containers of Podman and CRI-O, which share containers/storage: `<id>/userdata/{config.json,pidfile}` and the list of names. */
export function storageContainers(native: LookNative, root: string, remarks: Remark[]): Known[] {
  const found: Known[] = [];
  for (const id of namesIn(native, `${root}${RUN}`, remarks)) {
    if (!isContainerId(id)) continue;
    const folder = `${root}${RUN}/${id}/userdata`;
    const config =
      objectIn(native, `${folder}/config.json`, remarks) ??
      objectIn(native, `${root}${LIB}/${id}/userdata/config.json`, remarks);
    if (config === undefined) continue;
    const known = fromOciConfig(config);
    found.push({
      ...known,
      id,
      runtime: known.pod === undefined ? "podman" : "cri-o",
      pid: toPid(textOf(native, `${folder}/pidfile`, 64)),
    });
  }
  for (const file of ["containers.json", "volatile-containers.json"])
    found.push(...names(jsonIn(native, `${root}${LIB}/${file}`, remarks)));
  return found;
}

/** The list of containers/storage: an array of `{ id, names }`. */
function names(list: Json | undefined): Known[] {
  if (!Array.isArray(list)) return [];
  const found: Known[] = [];
  for (const container of list) {
    if (!isObject(container)) continue;
    const id = textField(container, "id");
    const names = container["names"];
    const name: unknown = Array.isArray(names) ? names[0] : undefined;
    if (id !== undefined && isContainerId(id) && typeof name === "string" && name !== "")
      found.push({ id, name: cut(name) });
  }
  return found;
}
