import { netnsAt, type Place } from "../support/place.ts";
import type { ContainerdHost } from "./containerd-host.ts";
import type { PodConfig, PodStatus } from "./cri/cri.ts";

export interface Pod extends AsyncDisposable {
  readonly id: string;
  readonly status: PodStatus;
  readonly v4: string;
  readonly v6: string;
  /** Its network namespace, from outside. */
  readonly place: Place;
  /** As kubelet does it: stop, twice for good measure, then remove. */
  stop(): Promise<void>;
}

export async function runPod({ cri, host }: ContainerdHost, pod: PodConfig): Promise<Pod> {
  const id = await cri.runPodSandbox(pod);
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await cri.stopPodSandbox(id);
    await cri.stopPodSandbox(id);
    await cri.removePodSandbox(id);
  };
  const status = await cri.podSandboxStatus(id);
  const [v4 = "", v6 = ""] = status.addresses;
  const path = host.outsidePath(status.netns.replace("/var/run/", "/run/"));
  return { id, status, v4, v6, place: netnsAt(path, pod.name), stop, [Symbol.asyncDispose]: stop };
}
