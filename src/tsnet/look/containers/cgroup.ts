import { type LookNative, textOf } from "../files.ts";
import type { Known } from "./container.ts";

/**
 * Container IDs in paths of /proc/PID/cgroup, as runtimes make them with either driver: `…/cri-containerd-<id>.scope`,
 * `…/libpod-<id>.scope`, `…/crio-<id>`, `/docker/<id>`, `/kubepods/…/<id>`, `/tsbox/<id>`. Conmon's groups are not the container's.
 */
const PATTERNS: readonly (readonly [runtime: string, pattern: RegExp])[] = [
  ["tsbox", /\/tsbox(?:[^/]*\/|-)([0-9a-f]{12,64})(?:\.scope)?(?:\/|$)/],
  ["containerd", /\bcri-containerd[-:]([0-9a-f]{64})(?:\.scope)?(?:\/|$)/],
  ["podman", /\/libpod-(?!conmon)([0-9a-f]{64})(?:\.scope)?(?:\/|$)/],
  ["cri-o", /\/crio-(?!conmon)([0-9a-f]{64})(?:\.scope)?(?:\/|$)/],
  ["docker", /\/docker[-/]([0-9a-f]{64})(?:\.scope)?(?:\/|$)/],
  ["containerd", /\/nerdctl-([0-9a-f]{64})(?:\.scope)?(?:\/|$)/],
  ["kubernetes", /\/kubepods[^:]*\/([0-9a-f]{64})(?:\/|$)/],
];

/** The container that a process's control group names; the last resort, for runtimes whose state is not there. */
export function containerOfCgroup(text: string): Known | undefined {
  for (const [runtime, pattern] of PATTERNS) {
    const id = pattern.exec(text)?.[1];
    if (id !== undefined) return { id, runtime };
  }
  return undefined;
}

export function containerOfProcess(native: LookNative, pid: number): Known | undefined {
  const text = textOf(native, `/proc/${pid}/cgroup`, 64 * 1024);
  return text === undefined
    ? undefined
    : text
        .split("\n")
        .map(containerOfCgroup)
        .find((found) => found !== undefined);
}
