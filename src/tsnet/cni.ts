import { Command } from "commander";
import { CniError } from "../cni/errors.ts";
import { decodeJsonObject, encodeJson } from "../cni/json.ts";
import { formatResult } from "../cni/result-format.ts";
import type { Attachment } from "../cni/runtime/cache.ts";
import { addNetwork, checkNetwork, delNetwork, gcNetwork, statusNetwork } from "../cni/runtime/chain.ts";
import { findNetwork, listNetworks } from "../cni/runtime/config-dir.ts";
import type { NetworkList } from "../cni/runtime/config-list.ts";
import { findPlugin } from "../cni/runtime/find.ts";
import { DEFAULT_CACHE_DIR, DEFAULT_CONFIG_DIR, type Runtime } from "../cni/runtime/host.ts";
import { bunExec } from "../cni/runtime/spawn.ts";
import { validateNetworkList } from "../cni/runtime/validate-list.ts";
import { supportedVersions } from "../cni/runtime/version-info.ts";
import type { CniAttachment, CniVersion, JsonObject } from "../cni/types.ts";
import { sha512 } from "../plugin/owner.ts";
import { absolutePath, type Surroundings, UsageError } from "./surroundings.ts";

interface CommonOptions {
  confDir?: string;
  cniPath?: string;
  cacheDir?: string;
  json?: boolean;
}

interface AttachmentOptions extends CommonOptions {
  ifname?: string;
  containerId?: string;
  args?: string;
  capArgs?: string;
}

/**
 * `tsnet cni`: plugins by hand. What cnitool does, with the same environment variables, arguments and container IDs, and
 * also the networks there are, the plugins' versions, and whether a list can work.
 */
export function cniCommand(s: Surroundings): Command {
  const cni = new Command("cni").description(
    "attach namespaces to networks by CNI plugins, as a container runtime does",
  );
  const attachment = (name: string, description: string): Command =>
    common(cni.command(name).description(description))
      .argument("<network>", "name of a network in the configuration folder")
      .argument("<netns>", "path of the network namespace, e.g. /run/netns/blue")
      .option("-i, --ifname <name>", "interface in the namespace (CNI_IFNAME, default eth0)")
      .option("--container-id <id>", "default: made from the namespace's path, as cnitool does")
      .option("--args <K=V;…>", "CNI_ARGS for the plugins")
      .option("--cap-args <json>", "capability arguments, e.g. port mappings (CAP_ARGS)");

  attachment("add", "attach a namespace to a network and print the result").action(
    async (network: string, netns: string, options: AttachmentOptions) => {
      const list = networkOf(s, network, options);
      const result = await addNetwork(runtimeOf(s, options), list, attachmentOf(s, netns, options));
      s.out(`${formatResult(result, list.cniVersion as CniVersion)}\n`);
    },
  );
  attachment("del", "detach it; succeeds when it is gone already").action(
    async (network: string, netns: string, options: AttachmentOptions) => {
      await delNetwork(runtimeOf(s, options), networkOf(s, network, options), attachmentOf(s, netns, options));
    },
  );
  attachment("check", "is everything ADD made still there?").action(
    async (network: string, netns: string, options: AttachmentOptions) => {
      await checkNetwork(runtimeOf(s, options), networkOf(s, network, options), attachmentOf(s, netns, options));
      if (options.json) s.out("{}\n");
    },
  );
  common(cni.command("gc").description("detach every attachment of a network that is not kept"))
    .argument("<network>")
    .argument("[netns]", "taken for cnitool's sake; GC concerns the whole network")
    .option("--keep <containerID/ifname...>", "attachments that are still valid (default: none)")
    .action(async (network: string, _netns: string | undefined, options: CommonOptions & { keep?: string[] }) => {
      await gcNetwork(runtimeOf(s, options), networkOf(s, network, options), (options.keep ?? []).map(keptAttachment));
    });
  common(cni.command("status").description("are the network's plugins ready for ADD?"))
    .argument("<network>")
    .argument("[netns]", "taken for cnitool's sake")
    .action(async (network: string, _netns: string | undefined, options: CommonOptions) => {
      await statusNetwork(runtimeOf(s, options), networkOf(s, network, options));
      if (options.json) s.out("{}\n");
      else s.err(`network "${network}" is ready\n`);
    });
  common(cni.command("version").description("the CNI versions that plugins support"))
    .argument("[plugin...]", "names in CNI_PATH (default: those of all networks)")
    .action((plugins: string[], options: CommonOptions) => showVersions(s, plugins, options));
  common(cni.command("list").description("the networks of the configuration folder")).action((options: CommonOptions) =>
    showNetworks(s, options),
  );
  common(
    cni.command("validate").description("can a network work: does it parse, are its plugins there, do versions fit?"),
  )
    .argument("<network>")
    .action((network: string, options: CommonOptions) => validate(s, network, options));
  return cni;
}

function common(command: Command): Command {
  return command
    .option("--conf-dir <folder>", `configuration lists (NETCONFPATH, default ${DEFAULT_CONFIG_DIR})`)
    .option("--cni-path <folders>", "where plugins are, separated by : (CNI_PATH, default: this executable's own)")
    .option("--cache-dir <folder>", `where attachments are remembered (default ${DEFAULT_CACHE_DIR})`)
    .option("--json", "errors and lists as JSON on stdout");
}

function runtimeOf(s: Surroundings, options: CommonOptions): Runtime {
  return {
    host: {
      files: s.native,
      exec: bunExec,
      env: s.env,
      cwd: s.cwd,
      forwardStderr: s.err,
      sleep: (ms) => Bun.sleep(ms),
    },
    cniPath: pluginFolders(s, options),
    cacheDir: absolutePath(s, options.cacheDir ?? DEFAULT_CACHE_DIR),
  };
}

function pluginFolders(s: Surroundings, options: CommonOptions): string[] {
  const path = options.cniPath ?? s.env["CNI_PATH"] ?? s.ownFolder;
  return path
    .split(":")
    .filter((folder) => folder !== "")
    .map((folder) => absolutePath(s, folder));
}

const configFolder = (s: Surroundings, options: CommonOptions): string =>
  absolutePath(s, options.confDir ?? (s.env["NETCONFPATH"] || DEFAULT_CONFIG_DIR));

const networkOf = (s: Surroundings, name: string, options: CommonOptions): NetworkList =>
  findNetwork(s.native, configFolder(s, options), name);

/** Container IDs are cnitool's: ten bytes of SHA-512 of the namespace's absolute path. */
function attachmentOf(s: Surroundings, netns: string, options: AttachmentOptions): Attachment {
  const path = absolutePath(s, netns);
  return {
    containerId: options.containerId ?? `cnitool-${sha512(path).slice(0, 20)}`,
    ifName: options.ifname ?? s.env["CNI_IFNAME"] ?? "eth0",
    netns: path,
    args: parseArgs(options.args ?? s.env["CNI_ARGS"] ?? ""),
    capabilityArgs: parseCapabilities(options.capArgs ?? s.env["CAP_ARGS"] ?? ""),
  };
}

function parseArgs(text: string): [string, string][] {
  if (text === "") return [];
  return text.split(";").map((pair) => {
    const at = pair.indexOf("=");
    const [key, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (at <= 0 || value === "") throw new UsageError(`CNI_ARGS: invalid pair "${pair}"`, "form: KEY=VALUE;KEY=VALUE");
    return [key, value];
  });
}

function parseCapabilities(text: string): JsonObject {
  if (text === "") return {};
  try {
    return decodeJsonObject(new TextEncoder().encode(text), "the capability arguments");
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new UsageError(
      error.message,
      `form: {"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}`,
    );
  }
}

function keptAttachment(text: string): CniAttachment {
  const [containerID, ifname, ...rest] = text.split("/");
  if (!containerID || !ifname || rest.length > 0)
    throw new UsageError(`--keep "${text}" is no attachment`, "form: --keep CONTAINERID/IFNAME");
  return { containerID, ifname };
}

async function showVersions(s: Surroundings, plugins: string[], options: CommonOptions): Promise<void> {
  const runtime = runtimeOf(s, options);
  const named = plugins.length > 0 ? plugins : pluginsOfAllNetworks(s, options);
  const versions: Record<string, string[]> = {};
  for (const name of named)
    versions[name] = await supportedVersions(runtime.host, findPlugin(s.native, name, runtime.cniPath));
  if (options.json) s.out(`${encodeJson(versions)}\n`);
  else for (const [name, list] of Object.entries(versions)) s.out(`${name}: ${list.join(", ")}\n`);
}

function pluginsOfAllNetworks(s: Surroundings, options: CommonOptions): string[] {
  const types = listNetworks(s.native, configFolder(s, options)).flatMap(({ network }) =>
    network instanceof CniError ? [] : network.plugins.map((plugin) => plugin.type),
  );
  return [...new Set(types)].sort();
}

function showNetworks(s: Surroundings, options: CommonOptions): void {
  const rows = listNetworks(s.native, configFolder(s, options)).map(({ path, network }) =>
    network instanceof CniError
      ? { path, error: network.message }
      : { path, name: network.name, cniVersion: network.cniVersion, plugins: network.plugins.map((p) => p.type) },
  );
  if (options.json) s.out(`${encodeJson(rows)}\n`);
  else if (rows.length === 0) s.err(`no networks in ${configFolder(s, options)}\n`);
  else
    for (const row of rows)
      s.out(
        "error" in row
          ? `${row.path}: cannot be used: ${row.error}\n`
          : `${row.name}\t${row.cniVersion}\t${row.plugins.join(" → ")}\t${row.path}\n`,
      );
}

async function validate(s: Surroundings, network: string, options: CommonOptions): Promise<void> {
  const list = networkOf(s, network, options);
  const capabilities = await validateNetworkList(runtimeOf(s, options), list);
  if (options.json) s.out(`${encodeJson({ name: list.name, cniVersion: list.cniVersion, capabilities })}\n`);
  else
    s.out(
      `network "${list.name}" is fine: version ${list.cniVersion}, ${list.plugins.length} plugins` +
        `${capabilities.length > 0 ? `, capabilities ${capabilities.join(", ")}` : ""}\n`,
    );
}
