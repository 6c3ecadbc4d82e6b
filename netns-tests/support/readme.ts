import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";

/** The first JSON block of a page of this repository, which says how a plugin is configured. */
export function exampleOf(page: string): JsonObject {
  const text = readFileSync(join(import.meta.dir, "../..", page), "utf8");
  const [, json] = /^```json\n(.*?)^```$/ms.exec(text) ?? [];
  if (json === undefined) throw new Error(`${page} has no JSON block`);
  return JSON.parse(json) as JsonObject;
}
