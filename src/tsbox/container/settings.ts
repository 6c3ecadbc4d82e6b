import { absolutePath } from "../../cli/paths.ts";
import { UsageError } from "../../cli/usage-error.ts";
import { limitsOf } from "../cgroup/limits.ts";
import { EXIT, Failure, messageOf } from "../failure.ts";
import { isPolicyError } from "../known-errors.ts";
import { shortId } from "../names/id.ts";
import type { Values } from "../options/option.ts";
import { readText } from "../store/files.ts";
import type { Image } from "../store/images.ts";
import type { Surroundings } from "../surroundings.ts";
import { parseEnvFile } from "../values/env-file.ts";
import { cleanPath } from "../values/mount.ts";
import { parseEnv } from "../values/words.ts";
import type { CREATE_OPTIONS } from "./options.ts";
import type { ContainerRecord, SecurityOptions } from "./record.ts";

/** docker-run(1): what a program finds when the image names none. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const MAX_ENV_FILE = 4 * 1024 * 1024;
const MAX_PROFILE = 1024 * 1024;
const SIGTERM = 15;

type Settings = Omit<ContainerRecord, "id" | "name" | "created">;

/**
 * What the options mean for a container, but for its identity. Everything that can be judged before anything is made is
 * judged here; a UsageError says what is wrong.
 */
export async function settingsOf(
  values: Values<typeof CREATE_OPTIONS>,
  image: { readonly image: Image; readonly name: string },
  command: readonly string[],
  s: Surroundings,
): Promise<Settings> {
  const network = values.network ?? "bridge";
  const ports = values.publish.flat();
  if (network !== "bridge" && ports.length > 0)
    throw wrong(
      `-p needs a network of the container's own, and --network ${network} has none`,
      "leave one of them out",
    );
  if (network === "host" && values.hostname !== undefined)
    throw wrong("--hostname and --network host contradict each other: the name is the host's", "leave one of them out");
  const hostKey = network === "host" ? values.sysctl.find(([key]) => key.startsWith("net."))?.[0] : undefined;
  if (hostKey !== undefined)
    throw wrong(
      `--sysctl ${hostKey} and --network host contradict each other: it is the host's`,
      "leave one of them out",
    );
  if (values.restart !== undefined && values.restart.name !== "no" && values.rm)
    throw wrong("--restart and --rm contradict each other", "leave one of them out");
  const entrypoint = values.entrypoint === undefined || values.entrypoint === "" ? [] : [values.entrypoint];
  if (entrypoint.length + command.length === 0)
    throw wrong(`no command: image ${image.name} names none`, "name one: tsbox run IMAGE COMMAND [ARG...]");
  if ([...entrypoint, ...command][0] === "")
    throw new Failure('there is no program ""', "name one", { status: EXIT.notFound });
  return {
    version: 1,
    image: { id: image.image.id, name: image.name },
    entrypoint,
    command,
    env: environmentOf(values, s),
    workdir: values.workdir === undefined ? "/" : cleanPath(values.workdir),
    user: values.user ?? "",
    hostname: values.hostname ?? "",
    tty: values.tty,
    stdin: values.interactive,
    autoRemove: values.rm,
    init: values.init,
    readOnly: values.readOnly,
    tmpfs: values.tmpfs,
    binds: distinctTargets(values.volume),
    restart: values.restart ?? { name: "no", max: 0 },
    stopSignal: values.stopSignal ?? SIGTERM,
    stopTimeoutSeconds: values.stopTimeout ?? 10,
    capAdd: values.capAdd,
    capDrop: values.capDrop,
    privileged: values.privileged,
    security: await securityOf(values.securityOpt, s),
    ulimits: values.ulimit,
    devices: values.device,
    sysctls: Object.fromEntries(values.sysctl),
    labels: Object.fromEntries(values.label),
    network,
    ports,
    limits: limitsOf(values, readText(s.native, "/sys/devices/system/cpu/online", 4096) ?? "0"),
  };
}

/** The name a container has without --hostname; its ID is known only when it is made. */
export const hostnameOf = ({ hostname, id }: Pick<ContainerRecord, "hostname" | "id">): string =>
  hostname === "" ? shortId(id) : hostname;

function environmentOf(values: Values<typeof CREATE_OPTIONS>, s: Surroundings): string[] {
  const variables = new Map<string, string>();
  const put = (variable: string): void => {
    variables.set(variable.slice(0, variable.indexOf("=")), variable);
  };
  put(`PATH=${DEFAULT_PATH}`);
  if (values.tty) put("TERM=xterm");
  for (const file of values.envFile) {
    const path = absolutePath(s, file);
    try {
      const text = readText(s.native, path, MAX_ENV_FILE);
      if (text === undefined) throw new Error("there is no such file");
      for (const variable of parseEnvFile(text, s.env)) put(variable);
    } catch (error) {
      throw wrong(`cannot read --env-file ${JSON.stringify(file)}: ${messageOf(error)}`, "a line for each NAME=VALUE");
    }
  }
  for (const text of values.env) {
    try {
      const variable = parseEnv(s.env)(text);
      if (variable !== undefined) put(variable);
    } catch (error) {
      throw wrong(`invalid value ${JSON.stringify(text)} for --env: ${messageOf(error)}`, "need NAME=VALUE or NAME");
    }
  }
  return [...variables.values()];
}

/** Two mounts on one place: the second would hide the first. */
function distinctTargets<T extends { readonly target: string }>(mounts: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  for (const { target } of mounts) {
    if (seen.has(target)) throw wrong(`two mounts on ${target}`, "leave one of them out");
    seen.add(target);
  }
  return mounts;
}

async function securityOf(options: readonly string[], s: Surroundings): Promise<SecurityOptions> {
  let security: SecurityOptions = { noNewPrivileges: false, seccomp: "default", systemPathsUnconfined: false };
  for (const option of options) {
    const seccomp = /^seccomp[=:](.+)$/s.exec(option)?.[1];
    if (/^no-new-privileges([=:]true)?$/.test(option)) security = { ...security, noNewPrivileges: true };
    else if (/^no-new-privileges[=:]false$/.test(option)) security = { ...security, noNewPrivileges: false };
    else if (/^systempaths[=:]unconfined$/.test(option)) security = { ...security, systemPathsUnconfined: true };
    else if (seccomp === "unconfined") security = { ...security, seccomp };
    else if (seccomp !== undefined) security = { ...security, seccomp: { profile: await profileOf(seccomp, s) } };
    else
      throw wrong(
        `unknown --security-opt ${JSON.stringify(option)}`,
        "known are no-new-privileges, seccomp=unconfined, seccomp=FILE and systempaths=unconfined",
      );
  }
  return security;
}

async function profileOf(file: string, s: Surroundings): Promise<string> {
  const text = readText(s.native, absolutePath(s, file), MAX_PROFILE);
  if (text === undefined)
    throw wrong(`there is no seccomp profile ${JSON.stringify(file)}`, "name a file, or unconfined");
  try {
    (await import("../seccomp/filter.ts")).policyFrom(text, []);
  } catch (error) {
    if (!isPolicyError(error)) throw error;
    throw wrong(`${JSON.stringify(file)} is no seccomp profile: ${error.message}`, "need Docker's JSON");
  }
  return text;
}

const wrong = (message: string, remedy: string): UsageError => new UsageError(message, remedy);
