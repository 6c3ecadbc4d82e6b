import type { Surroundings } from "../surroundings.ts";
import type { ContainerRecord } from "./record.ts";
import { allRecords } from "./store.ts";

/** Containers made of an image. */
export const usersOf = (s: Surroundings, image: string): ContainerRecord[] =>
  allRecords(s.native, s.places).records.filter((record) => record.image.id === image);
