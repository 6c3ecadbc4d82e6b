import { allContainers } from "../store/names.ts";
import type { Surroundings } from "../surroundings.ts";
import type { ContainerRecord } from "./record.ts";
import { loadRecord } from "./store.ts";

/** Containers made of an image. */
export function usersOf(s: Surroundings, image: string): ContainerRecord[] {
  return allContainers(s.native, s.places)
    .map((id) => loadRecord(s.native, s.places, id))
    .filter((record) => record?.image.id === image)
    .filter((record) => record !== undefined);
}
