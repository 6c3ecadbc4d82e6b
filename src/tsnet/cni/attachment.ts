import type { Command } from "commander";
import { CniError } from "../../cni/errors.ts";
import { decodeJsonObject } from "../../cni/json.ts";
import type { Attachment } from "../../cni/runtime/cache.ts";
import type { CniAttachment, JsonObject } from "../../cni/types.ts";
import { validateContainerId, validateIfName } from "../../cni/validate.ts";
import { sha512 } from "../../plugin/owner.ts";
import { absolutePath } from "../paths.ts";
import type { Surroundings } from "../surroundings.ts";
import { UsageError } from "../usage-error.ts";
import { type CommonOptions, cniWord } from "./options.ts";

export interface AttachmentOptions extends CommonOptions {
  readonly ifname?: string;
  readonly containerId?: string;
  readonly args?: string;
  readonly capArgs?: string;
}

/** A word that is about one namespace on one network. */
export function attachmentWord(name: string, description: string, examples: readonly string[]): Command {
  return cniWord(name, description, examples)
    .argument("<network>", "name of a network in the configuration folder")
    .argument("<netns>", "path of the network namespace, e.g. /run/netns/blue")
    .option("-i, --ifname <name>", "interface in the namespace (CNI_IFNAME, default eth0)")
    .option("--container-id <id>", "default: made from the namespace's path, as cnitool does")
    .option("--args <K=V;…>", "arguments for the plugins (CNI_ARGS)")
    .option("--cap-args <json>", "capability arguments, e.g. port mappings (CAP_ARGS)");
}

/**
 * Who is meant, by command line and environment. Container IDs are cnitool's: ten bytes of SHA-512 of the namespace's
 * absolute path. UsageError for what can be told to be wrong without asking a plugin.
 */
export function attachmentOf(
  s: Pick<Surroundings, "env" | "cwd">,
  netns: string,
  options: AttachmentOptions,
): Attachment {
  if (netns === "") throw new UsageError("the path of the network namespace is empty", "form: /run/netns/NAME");
  const path = absolutePath(s, netns);
  const containerId = options.containerId ?? `cnitool-${sha512(path).slice(0, 20)}`;
  const ifName = options.ifname ?? (s.env["CNI_IFNAME"] || "eth0");
  asUsage("--container-id", containerId, validateContainerId);
  asUsage("the interface name (--ifname, CNI_IFNAME)", ifName, validateIfName);
  return {
    containerId,
    ifName,
    netns: path,
    args: parseArgs(options.args ?? s.env["CNI_ARGS"] ?? ""),
    capabilityArgs: parseCapabilities(options.capArgs ?? s.env["CAP_ARGS"] ?? ""),
  };
}

function asUsage(what: string, value: string, validate: (value: string) => void): void {
  try {
    validate(value);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new UsageError(
      `${what} "${value}" cannot be used: ${error.message}`,
      "see the CNI specification, Parameters",
    );
  }
}

/** As cnitool: every pair has one `=`, and neither key nor value is empty. */
function parseArgs(text: string): [string, string][] {
  if (text === "") return [];
  return text.split(";").map((pair) => {
    const [key = "", value = "", ...rest] = pair.split("=");
    if (key === "" || value === "" || rest.length > 0)
      throw new UsageError(`CNI_ARGS: invalid pair "${pair}"`, "form: KEY=VALUE;KEY=VALUE");
    return [key, value];
  });
}

function parseCapabilities(text: string): JsonObject {
  if (text === "") return {};
  try {
    return decodeJsonObject(new TextEncoder().encode(text), "the capability arguments (--cap-args, CAP_ARGS)");
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new UsageError(
      error.message,
      'form: {"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}',
    );
  }
}

/** `CONTAINERID/IFNAME`, as `tsnet cni gc --keep` takes it. */
export function keptAttachment(text: string): CniAttachment {
  const [containerID, ifname, ...rest] = text.split("/");
  if (!containerID || !ifname || rest.length > 0)
    throw new UsageError(`--keep "${text}" is no attachment`, "form: --keep CONTAINERID/IFNAME");
  return { containerID, ifname };
}
