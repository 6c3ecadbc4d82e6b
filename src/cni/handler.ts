import type { AttachmentRequest, CniCommand, CniResult, CniVersion, GcRequest, StatusRequest } from "./types.ts";

/** What surrounds one call, for those who must pass it on to a delegate. */
export interface Invocation {
  readonly command: CniCommand;
  /** The caller's environment; delegates inherit it whole. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The entries of CNI_PATH as absolute paths; empty ones are left out. */
  readonly cniPath: readonly string[];
  /** The caller's folder, where delegates start; `undefined` when it is deleted. */
  readonly cwd: string | undefined;
  /** The configuration as it came, byte for byte: delegates get the same (specification 1.1.0, section 4). */
  readonly stdin: Uint8Array;
  /** A line for people on stderr, headed by the plugin's name. */
  note(message: string): void;
}

/**
 * One plugin as the executable's frame calls it. The frame has checked environment, version, name, `prevResult` and the
 * network namespace; the handler checks its own keys, and before it changes anything. A handler throws `CniError`, or what
 * the frame's error mapping knows.
 */
export interface CommandHandler {
  /** As the executable is called: `bridge`. */
  readonly name: string;
  /** Of the build, with its `v`: `v0.1.0`. */
  readonly release: string;
  /** What the plugin takes as `cniVersion`, ascending. */
  readonly versions: readonly CniVersion[];
  /**
   * Whether ADD and CHECK enter the container's namespace, so that a path which is none is refused beforehand. IPAM plugins
   * do not, and are called with paths of no meaning; of them only the host's own namespace is refused.
   */
  readonly entersNetns: boolean;
  /** `req.conf.prevResult` is there when the plugin is chained. */
  add(req: AttachmentRequest, call: Invocation): Promise<CniResult>;
  /** `req.netns` is empty when there is no namespace (any more) that could be cleaned. */
  del(req: AttachmentRequest, call: Invocation): Promise<void>;
  /** `req.conf.prevResult` is always there. */
  check(req: AttachmentRequest, call: Invocation): Promise<void>;
  gc(req: GcRequest, call: Invocation): Promise<void>;
  status(req: StatusRequest, call: Invocation): Promise<void>;
}
