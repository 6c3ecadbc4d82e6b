import type { Value } from "../format/render.ts";
import { netnsPath } from "../store/places.ts";
import type { Surroundings } from "../surroundings.ts";
import type { PortSpec } from "../values/port.ts";
import { signalName } from "../values/signal.ts";
import { networkState } from "./network.ts";
import { argsOf, type ContainerRecord } from "./record.ts";
import { hostnameOf } from "./settings.ts";
import { logPath } from "./spec.ts";
import { conditionOf } from "./state.ts";
import { stateWord } from "./summary.ts";

/** Times that Docker shows for what never happened. */
const NEVER = "0001-01-01T00:00:00Z";

/** A container as `docker inspect` shows one, with the same names, as far as there is such a thing here. */
export function containerView(s: Surroundings, record: ContainerRecord): Value {
  const [path = "", ...args] = argsOf(record);
  return {
    Id: record.id,
    Created: record.created,
    Path: path,
    Args: args,
    State: stateView(s, record),
    Image: `sha256:${record.image.id}`,
    LogPath: logPath(s, record.id),
    Name: `/${record.name}`,
    RestartCount: restartCount(s, record),
    HostConfig: hostConfig(record),
    Mounts: record.binds.map(({ source, target, readOnly }) => ({
      Type: "bind",
      Source: source,
      Destination: target,
      Mode: readOnly ? "ro" : "",
      RW: !readOnly,
      Propagation: "rprivate",
    })),
    Config: {
      Hostname: record.network === "host" ? "" : hostnameOf(record),
      User: record.user,
      Tty: record.tty,
      OpenStdin: record.stdin,
      Env: record.env,
      Cmd: record.command,
      Image: record.image.name,
      WorkingDir: record.workdir,
      Entrypoint: record.entrypoint.length > 0 ? record.entrypoint : null,
      Labels: record.labels,
      StopSignal: signalName(record.stopSignal),
      StopTimeout: record.stopTimeoutSeconds,
    },
    NetworkSettings: networkView(s, record),
  };
}

function stateView(s: Surroundings, record: ContainerRecord): Value {
  const condition = conditionOf(s, record.id);
  const status = stateWord(condition, record.id);
  const state = condition.kind === "created" ? undefined : condition.state;
  const running = status === "running" || status === "paused" || status === "restarting";
  return {
    Status: status,
    Running: running,
    Paused: status === "paused",
    Restarting: status === "restarting",
    OOMKilled: state?.oomKilled ?? false,
    Dead: false,
    Pid: running ? (state?.pid ?? 0) : 0,
    ExitCode: state?.exitCode ?? 0,
    Error: state?.error?.message ?? (state?.lost === true ? "the monitor was lost" : ""),
    StartedAt: state?.startedAt || NEVER,
    FinishedAt: state?.finishedAt || NEVER,
  };
}

function restartCount(s: Surroundings, record: ContainerRecord): number {
  const condition = conditionOf(s, record.id);
  return condition.kind === "created" ? 0 : (condition.state?.restartCount ?? 0);
}

function hostConfig(record: ContainerRecord): Value {
  const { limits, security } = record;
  const seccomp =
    security.seccomp === "default" ? [] : security.seccomp === "unconfined" ? ["seccomp=unconfined"] : ["seccomp=…"];
  return {
    Binds: record.binds.map(({ source, target, readOnly }) => `${source}:${target}${readOnly ? ":ro" : ""}`),
    NetworkMode: record.network,
    PortBindings: portMap(record.ports),
    RestartPolicy: { Name: record.restart.name, MaximumRetryCount: record.restart.max },
    AutoRemove: record.autoRemove,
    CapAdd: record.capAdd,
    CapDrop: record.capDrop,
    Privileged: record.privileged,
    ReadonlyRootfs: record.readOnly,
    SecurityOpt: [
      ...(security.noNewPrivileges ? ["no-new-privileges"] : []),
      ...seccomp,
      ...(security.systemPathsUnconfined ? ["systempaths=unconfined"] : []),
    ],
    Init: record.init,
    Tmpfs: Object.fromEntries(record.tmpfs.map(({ target, options }) => [target, options.join(",")])),
    Ulimits: record.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    Devices: record.devices.map(({ source, target, access }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: access,
    })),
    Sysctls: record.sysctls,
    Memory: limits.memoryBytes ?? 0,
    MemorySwap: limits.memorySwapBytes ?? 0,
    MemoryReservation: limits.memoryReservationBytes ?? 0,
    CpuShares: limits.cpuShares ?? 0,
    CpuQuota: limits.cpuQuotaUs ?? 0,
    CpuPeriod: limits.cpuPeriodUs ?? 0,
    CpusetCpus: limits.cpusetCpus ?? "",
    PidsLimit: limits.pidsLimit ?? null,
  };
}

function networkView(s: Surroundings, record: ContainerRecord): Value {
  const network = networkState(s, record.id);
  const [address = "", prefix = "0"] = network?.attached?.addresses[0]?.split("/") ?? [];
  return {
    SandboxKey: network === undefined ? "" : netnsPath(s.places, record.id),
    Ports: portMap(network?.ports ?? []),
    Gateway: network?.attached?.gateway ?? "",
    IPAddress: address,
    IPPrefixLen: Number(prefix),
    MacAddress: network?.attached?.mac ?? "",
  };
}

function portMap(ports: readonly PortSpec[]): Value {
  const map: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { containerPort, protocol, hostIp, hostPort } of ports) {
    const key = `${containerPort}/${protocol}`;
    map[key] = [...(map[key] ?? []), { HostIp: hostIp || "0.0.0.0", HostPort: String(hostPort) }];
  }
  return map;
}
