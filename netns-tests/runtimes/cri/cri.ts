import { connectGrpc } from "./grpc.ts";
import { type Decoded, type Fields, mapAt, mapEntries, messagesAt, numberAt, stringAt } from "./proto.ts";

/** The few calls of `runtime.v1.RuntimeService` that kubelet makes for a pod's network (cri-api, runtime/v1/api.proto). */
export interface Cri extends Disposable {
  version(): Promise<{ name: string; version: string }>;
  /** Conditions by type: RuntimeReady, NetworkReady. */
  status(): Promise<Record<string, { ready: boolean; message: string }>>;
  /** The new pod's ID. */
  runPodSandbox(pod: PodConfig): Promise<string>;
  stopPodSandbox(id: string): Promise<void>;
  removePodSandbox(id: string): Promise<void>;
  podSandboxStatus(id: string): Promise<PodStatus>;
  /** IDs. */
  listPodSandbox(): Promise<string[]>;
}

export interface PodConfig {
  readonly name: string;
  readonly portMappings?: readonly PodPort[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PodPort {
  readonly protocol: "tcp" | "udp";
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp?: string;
}

export interface PodStatus {
  readonly ready: boolean;
  /** First address, then the additional ones; none once it is stopped. */
  readonly addresses: readonly string[];
  /** Path of its network namespace, as the runtime's host sees it. */
  readonly netns: string;
}

export async function connectCri(socketPath: string): Promise<Cri> {
  const grpc = await connectGrpc(socketPath);
  const call = (method: string, request: Fields): Promise<Decoded> =>
    grpc.call(`/runtime.v1.RuntimeService/${method}`, request);
  return {
    version: async () => {
      const answer = await call("Version", {});
      return { name: stringAt(answer, 2), version: stringAt(answer, 3) };
    },
    status: async () => {
      const conditions = messagesAt(await call("Status", {}), 1).flatMap((status) => messagesAt(status, 1));
      return Object.fromEntries(
        conditions.map((one) => [stringAt(one, 1), { ready: numberAt(one, 2) === 1, message: stringAt(one, 4) }]),
      );
    },
    runPodSandbox: async (pod) => stringAt(await call("RunPodSandbox", { 1: podSandboxConfig(pod) }), 1),
    stopPodSandbox: async (id) => {
      await call("StopPodSandbox", { 1: id });
    },
    removePodSandbox: async (id) => {
      await call("RemovePodSandbox", { 1: id });
    },
    podSandboxStatus: async (id) => podStatus(await call("PodSandboxStatus", { 1: id, 2: true })),
    listPodSandbox: async () => messagesAt(await call("ListPodSandbox", {}), 1).map((item) => stringAt(item, 1)),
    [Symbol.dispose]: () => grpc[Symbol.dispose](),
  };
}

const podSandboxConfig = (pod: PodConfig): Fields => ({
  1: { 1: pod.name, 2: `uid-${pod.name}`, 3: "default", 4: 0 }, // PodSandboxMetadata
  2: pod.name, // hostname
  5: (pod.portMappings ?? []).map((port) => ({
    1: port.protocol === "udp" ? 1 : 0,
    2: port.containerPort,
    3: port.hostPort,
    4: port.hostIp,
  })),
  7: mapEntries(pod.annotations ?? {}),
  8: { 1: "/pods", 2: { 1: { 1: 0 } } }, // cgroup parent; a network namespace of its own
});

function podStatus(answer: Decoded): PodStatus {
  const status = messagesAt(answer, 1)[0] ?? new Map();
  const network = messagesAt(status, 5)[0] ?? new Map();
  const addresses = [stringAt(network, 1), ...messagesAt(network, 2).map((ip) => stringAt(ip, 1))];
  // The verbose part is containerd's own: its OCI spec names the namespace.
  const info = JSON.parse(mapAt(answer, 2)["info"] ?? "{}") as {
    runtimeSpec?: { linux?: { namespaces?: { type: string; path?: string }[] } };
  };
  const netns = info.runtimeSpec?.linux?.namespaces?.find(({ type }) => type === "network")?.path ?? "";
  return { ready: numberAt(status, 3) === 0, addresses: addresses.filter(Boolean), netns };
}
