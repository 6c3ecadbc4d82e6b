import type { Limits } from "../cgroup/limits.ts";
import type { NetworkMode } from "../network/default.ts";
import type { BindSpec, TmpfsSpec } from "../values/mount.ts";
import type { PortSpec } from "../values/port.ts";
import type { DeviceSpec, RestartPolicy, Ulimit } from "../values/words.ts";

/** What `--security-opt` says. */
export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** The built-in filter, none, or Docker's JSON as it was in the file. */
  readonly seccomp: "default" | "unconfined" | { readonly profile: string };
  readonly systemPathsUnconfined: boolean;
}

/** All that `create` was told, and what follows from it: `containers/<id>/config.json`. It changes by `rename` alone. */
export interface ContainerRecord {
  readonly version: 1;
  readonly id: string;
  readonly name: string;
  /** ISO 8601. */
  readonly created: string;
  readonly image: { readonly id: string; readonly name: string };
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** `NAME=value`, whole. */
  readonly env: readonly string[];
  readonly workdir: string;
  /** "" is root. */
  readonly user: string;
  readonly hostname: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly autoRemove: boolean;
  readonly init: boolean;
  readonly readOnly: boolean;
  readonly tmpfs: readonly TmpfsSpec[];
  readonly binds: readonly BindSpec[];
  readonly restart: RestartPolicy;
  readonly stopSignal: number;
  /** -1 waits for ever. */
  readonly stopTimeoutSeconds: number;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly privileged: boolean;
  readonly security: SecurityOptions;
  readonly ulimits: readonly Ulimit[];
  readonly devices: readonly DeviceSpec[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: NetworkMode;
  readonly ports: readonly PortSpec[];
  readonly limits: Limits;
}

/** The program and its arguments. */
export const argsOf = ({ entrypoint, command }: Pick<ContainerRecord, "entrypoint" | "command">): readonly string[] => [
  ...entrypoint,
  ...command,
];
