import type { CniAttachment, CniCommand, JsonObject } from "../../src/cni/types.ts";
import type { Place } from "./place.ts";
import { mustCall, type PluginCall, type PrintedResult } from "./plugin.ts";
import { PLUGIN_PATH } from "./plugin-dirs.ts";

export interface ChainOptions {
  readonly name: string;
  /** 1.0.0 by default: the newest that the reference plugins of Debian 12 speak. GC and STATUS need 1.1.0. */
  readonly cniVersion?: string;
  /** Plugin objects as in a config list, `capabilities` included. */
  readonly plugins: readonly JsonObject[];
  /** The host's namespace. */
  readonly host: Place;
  readonly path?: readonly string[];
  /** By type, the folder of its executable where that is not the first hit in `path`. Delegates still follow `path`. */
  readonly dirs?: Readonly<Record<string, string>>;
  /** Types that CHECK passes over, because theirs is broken. */
  readonly unchecked?: readonly string[];
}

export interface Attachment {
  readonly containerId: string;
  /** Path of the sandbox's namespace. */
  readonly netns: string;
  readonly ifName?: string;
  readonly args?: string;
  /** Capability arguments by capability: `{ portMappings: […] }`; each plugin gets those it declares. */
  readonly runtimeConfig?: JsonObject;
  /** On DEL and CHECK instead of the ADD's own answer; null sends none. */
  readonly prevResult?: JsonObject | null;
  /** Another CNI_PATH for this operation, `dirs` left out: ADD by one set of plugins, DEL by another. */
  readonly path?: readonly string[];
}

export interface Chain {
  /** Forward through the list. Like a runtime, leaves what a failed ADD made to DEL. Throws PluginFailure. */
  add(attachment: Attachment): Promise<PrintedResult>;
  /** Backward through the list; stops at the first failure. */
  del(attachment: Attachment): Promise<void>;
  check(attachment: Attachment): Promise<void>;
  gc(valid: readonly CniAttachment[]): Promise<void>;
  status(): Promise<void>;
}

/** Plays the container runtime over a list of plugins (CNI specification, section 3). */
export function makeChain(options: ChainOptions): Chain {
  const { name, plugins, host } = options;
  const cniVersion = options.cniVersion ?? "1.0.0";
  const results = new Map<string, JsonObject>();

  const call = (
    command: CniCommand,
    plugin: JsonObject,
    more: JsonObject,
    at?: Attachment,
  ): Promise<JsonObject | undefined> => {
    const { capabilities, ...rest } = plugin;
    const runtimeConfig = pick(at?.runtimeConfig ?? {}, capabilities);
    const conf: JsonObject = { ...rest, name, cniVersion, ...more };
    if (Object.keys(runtimeConfig).length > 0) conf["runtimeConfig"] = runtimeConfig;
    const dir = at?.path ? undefined : options.dirs?.[String(plugin["type"])];
    const request: PluginCall = { command, conf, host, path: at?.path ?? options.path ?? PLUGIN_PATH, dir };
    if (at === undefined) return mustCall(request);
    return mustCall({
      ...request,
      containerId: at.containerId,
      netns: at.netns,
      ifName: at.ifName ?? "eth0",
      ...(at.args !== undefined && { args: at.args }),
    });
  };

  const previous = (at: Attachment): JsonObject => {
    const prevResult = at.prevResult === undefined ? results.get(keyOf(at)) : at.prevResult;
    return prevResult ? { prevResult } : {};
  };

  return {
    add: async (at) => {
      let result: JsonObject | undefined;
      for (const plugin of plugins) result = await call("ADD", plugin, result ? { prevResult: result } : {}, at);
      if (result === undefined) throw new Error(`${name}: ADD without a result`);
      results.set(keyOf(at), result);
      return result as unknown as PrintedResult;
    },
    del: async (at) => {
      for (const plugin of [...plugins].reverse()) await call("DEL", plugin, previous(at), at);
      results.delete(keyOf(at));
    },
    check: async (at) => {
      const checked = plugins.filter(({ type }) => !options.unchecked?.includes(String(type)));
      for (const plugin of checked) await call("CHECK", plugin, previous(at), at);
    },
    gc: async (valid) => {
      const list = valid.map(({ containerID, ifname }) => ({ containerID, ifname }));
      const more = { "cni.dev/valid-attachments": list, "cni.dev/attachments": list };
      for (const plugin of plugins) await call("GC", plugin, more);
    },
    status: async () => {
      for (const plugin of plugins) await call("STATUS", plugin, {});
    },
  };
}

const keyOf = (at: Attachment): string => `${at.containerId}/${at.ifName ?? "eth0"}`;

function pick(args: JsonObject, capabilities: unknown): JsonObject {
  const declared = (capabilities ?? {}) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(args).filter(([key]) => declared[key] === true));
}
