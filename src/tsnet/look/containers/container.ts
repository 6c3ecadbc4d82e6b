import type { Container } from "../model.ts";

/** What one source knows of a container; sources are merged by ID. */
export type Known = Pick<Container, "id"> & Partial<Omit<Container, "id">>;

/** Container IDs of runtimes, and those that cnitool and people make: they end up in paths, so nothing else is one. */
export const isContainerId = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(text);

/** Podman passes its containers' names to CNI as those of pods. */
const NO_PODS: ReadonlySet<string> = new Set(["podman", "docker", "tsbox"]);

/** Later sources fill in what earlier ones did not say. */
export function merge(a: Container, b: Known): Container {
  return {
    runtime: a.runtime !== "cni" ? a.runtime : (b.runtime ?? a.runtime),
    id: a.id,
    name: a.name ?? b.name,
    pod: a.pod ?? (NO_PODS.has(a.runtime) ? undefined : b.pod),
    pid: a.pid ?? b.pid,
    netns: a.netns ?? b.netns,
    networks: [...new Set([...a.networks, ...(b.networks ?? [])])],
  };
}

export const complete = (known: Known): Container => ({
  runtime: "cni",
  name: undefined,
  pod: undefined,
  pid: undefined,
  netns: undefined,
  networks: [],
  ...known,
});
