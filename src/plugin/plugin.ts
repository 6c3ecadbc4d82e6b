import type {
  AttachmentRequest,
  CniResult,
  CniVersion,
  GcRequest,
  NetworkConfig,
  StatusRequest,
} from "../cni/types.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { IpamProvider } from "./ipam.ts";

/**
 * What a plugin may touch. It has no other access to the world: no environment, no standard streams, no current
 * namespace, so one logic serves the executable, `tsbox` and a resident service alike.
 */
export interface PluginContext {
  /** The host's namespace: the one the runtime called from. */
  readonly host: Kernel;
  /** The IPAM that the config names, in-process or executed. */
  readonly ipam: IpamProvider;
  /** The caller's folder, which relative paths in a config start from; `undefined` when it is deleted or there is none. */
  readonly cwd?: string | undefined;
  /** A line for people on stderr. */
  note(message: string): void;
}

/**
 * A CNI plugin: pure functions from a request and the kernel to a result. `parse` validates the whole config before any
 * step and throws a `CniError`; verbs throw `CniError`, `StepError`, `NetlinkError` or `SystemError`, which
 * `src/plugin/errors.ts` turns into codes in one place.
 */
export interface Plugin<C = unknown> {
  readonly name: string;
  readonly versions: readonly CniVersion[];
  /** Whether ADD and CHECK enter the container's namespace; IPAM plugins do not. */
  readonly entersNetns: boolean;
  /**
   * Turns the config object into the plugin's own. DEL and GC get `lenient`: values that only matter for ADD and are
   * wrong must not stop a clean-up.
   */
  parse(conf: NetworkConfig, how: { lenient: boolean }): C;
  add(req: AttachmentRequest<C>, ctx: PluginContext): Promise<CniResult>;
  del(req: AttachmentRequest<C>, ctx: PluginContext): Promise<void>;
  check(req: AttachmentRequest<C>, ctx: PluginContext): Promise<void>;
  gc(req: GcRequest<C>, ctx: PluginContext): Promise<void>;
  status(req: StatusRequest<C>, ctx: PluginContext): Promise<void>;
  /**
   * No verb of the specification: puts back what somebody took from an attachment that still stands (its parts of the rule
   * set, gateways), from a request as CHECK gets it. Asks no IPAM, leaves alone what other attachments hold, and changes
   * nothing where all is there. Gives what was missing, a phrase each. With `dryRun` nothing is changed.
   */
  repair?(req: AttachmentRequest<C>, ctx: PluginContext, how: { dryRun: boolean }): Promise<string[]>;
}
