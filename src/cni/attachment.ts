import { isNetnsOverridden, resolvePath } from "./env.ts";
import { CNI_CODE, CniError } from "./errors.ts";
import type { CommandHandler } from "./handler.ts";
import { type FrameIo, messageOf } from "./io.ts";
import { parsePrevResult } from "./netconf.ts";
import type { AttachmentRequest, NetworkConfig } from "./types.ts";

export function withPrevResult(conf: NetworkConfig): NetworkConfig {
  return { ...conf, prevResult: parsePrevResult(conf.raw, conf.cniVersion) };
}

export function withRequiredPrevResult(conf: NetworkConfig): NetworkConfig {
  const full = withPrevResult(conf);
  if (full.prevResult === undefined)
    throw new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, 'CHECK needs the result of ADD, key "prevResult"');
  return full;
}

/** A clean-up must not fail for a result that nobody can read. */
export function forCleanUp(conf: NetworkConfig, note: (message: string) => void): NetworkConfig {
  try {
    return withPrevResult(conf);
  } catch (thrown) {
    note(`DEL goes on without prevResult: ${messageOf(thrown)}`);
    return conf;
  }
}

/** Who is meant, from environment and config; the network namespace is looked at, so that nothing is begun in vain. */
export function attachmentOf(
  handler: CommandHandler,
  io: FrameIo,
  conf: NetworkConfig,
  verb: "ADD" | "DEL" | "CHECK",
): AttachmentRequest {
  return {
    conf,
    containerId: io.env["CNI_CONTAINERID"] ?? "",
    ifName: io.env["CNI_IFNAME"] ?? "",
    netns: verb === "DEL" ? netnsToClean(io) : netnsToUse(handler, io),
    args: io.env["CNI_ARGS"] ?? "",
  };
}

/** For ADD and CHECK: CniError 8 for what is no network namespace, or the host's. */
function netnsToUse(handler: CommandHandler, io: FrameIo): string {
  const given = io.env["CNI_NETNS"] ?? "";
  const path = resolvePath(given, io.cwd);
  const refuse = (why: string, details = ""): CniError =>
    new CniError(CNI_CODE.INVALID_NETNS, `CNI_NETNS ${JSON.stringify(given)} ${why}`, details);
  if (path === undefined) throw refuse("is relative, and the current folder is deleted");
  const state = io.probeNetns(path);
  if (state.kind === "own") {
    if (isNetnsOverridden(io.env)) return path;
    throw refuse("is the plugin's own network namespace", "CNI_NETNS_OVERRIDE=1 allows that");
  }
  if (!handler.entersNetns || state.kind === "foreign") return path;
  if (state.kind === "missing") throw refuse("does not exist");
  if (state.kind === "no-namespace") throw refuse("is not a network namespace");
  throw refuse("cannot be opened", state.reason);
}

/** For DEL: empty for everything that counts as gone, or the runtime would repeat DEL for ever. */
function netnsToClean(io: FrameIo): string {
  const given = io.env["CNI_NETNS"] ?? "";
  const path = given === "" ? undefined : resolvePath(given, io.cwd);
  if (path === undefined) return "";
  const { kind } = io.probeNetns(path);
  if (kind === "own") return isNetnsOverridden(io.env) ? path : "";
  return kind === "foreign" || kind === "unknown" ? path : "";
}
