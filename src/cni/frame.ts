import { type ErrorMapping, formatError, toCniError } from "./answer.ts";
import { attachmentOf, forCleanUp, withPrevResult, withRequiredPrevResult } from "./attachment.ts";
import { checkEnvironment, splitCniPath } from "./env.ts";
import { CNI_CODE, CniError } from "./errors.ts";
import { parseValidAttachments } from "./gc.ts";
import type { CommandHandler, Invocation } from "./handler.ts";
import { type FrameIo, messageOf, writeQuietly } from "./io.ts";
import { encodeJson } from "./json.ts";
import { isCheckDisabled, parseConfig } from "./netconf.ts";
import { formatResult } from "./result-format.ts";
import type { AttachmentRequest, CniCommand, CniVersion, NetworkConfig } from "./types.ts";
import { CHECK_SINCE, CURRENT_VERSION, GC_SINCE, STATUS_SINCE, versionAtLeast } from "./version.ts";

/** What goes to stdout, and the way back should that fail. */
interface Answer {
  readonly text: string;
  readonly takeBack?: () => Promise<void>;
}

/**
 * Runs one call of a plugin's executable (specification 1.1.0, "Execution Protocol") and gives the exit code: 0, or 1 with
 * exactly one error object on stdout. Checks come in the reference's order: environment, stdin, JSON and name, version;
 * then the network namespace, before anything is changed.
 */
export async function runPlugin(handler: CommandHandler, io: FrameIo, mapError: ErrorMapping): Promise<number> {
  const note = (message: string): void => writeQuietly(io, `${handler.name}: ${message}\n`);
  const command = io.env["CNI_COMMAND"] ?? "";
  if (command === "") {
    const supported = handler.versions.join(", ");
    writeQuietly(io, `CNI ${handler.name} plugin ${handler.release}\nCNI protocol versions supported: ${supported}\n`);
    return 0;
  }
  let answer: Answer;
  let exitCode = 0;
  try {
    answer = command === "VERSION" ? { text: versionAnswer(handler) } : await dispatch(handler, io, command, note);
  } catch (thrown) {
    const { error, stack } = toCniError(thrown, mapError);
    if (stack !== undefined) note(stack);
    answer = { text: formatError(error) };
    exitCode = 1;
  }
  if (answer.text === "") return exitCode;
  try {
    io.writeStdout(answer.text);
    return exitCode;
  } catch (thrown) {
    note(`cannot write the answer to stdout: ${messageOf(thrown)}`);
    await answer.takeBack?.();
    return 1;
  }
}

/** One line, as the reference's; stdin is not read. */
function versionAnswer(handler: CommandHandler): string {
  return `${encodeJson({ cniVersion: CURRENT_VERSION, supportedVersions: [...handler.versions] })}\n`;
}

async function dispatch(
  handler: CommandHandler,
  io: FrameIo,
  command: string,
  note: (m: string) => void,
): Promise<Answer> {
  checkEnvironment(command, io.env);
  const stdin = readStdin(io);
  const config = parseConfig(stdin);
  if (!isVerb(command)) throw new CniError(CNI_CODE.INVALID_ENVIRONMENT, `unknown CNI_COMMAND: ${command}`);
  const cniVersion = checkVersion(handler, command, config.cniVersion);
  const { env, cwd } = io;
  const call: Invocation = { command, env, cwd, stdin, note, cniPath: splitCniPath(env["CNI_PATH"] ?? "", cwd) };
  const conf: NetworkConfig = { cniVersion, name: config.name, type: config.type, raw: config.raw };
  switch (command) {
    case "ADD":
      return add(handler, attachmentOf(handler, io, withPrevResult(conf), command), call);
    case "DEL":
      await handler.del(attachmentOf(handler, io, forCleanUp(conf, note), command), call);
      break;
    case "CHECK":
      if (!isCheckDisabled(config.raw))
        await handler.check(attachmentOf(handler, io, withRequiredPrevResult(conf), command), call);
      break;
    case "GC":
      await handler.gc({ conf, validAttachments: parseValidAttachments(config.raw) }, call);
      break;
    case "STATUS":
      await handler.status({ conf }, call);
      break;
  }
  return { text: "" };
}

/** ADD, and DEL of the same when its result cannot be shown: a runtime that got no result has no reason to clean up. */
async function add(handler: CommandHandler, req: AttachmentRequest, call: Invocation): Promise<Answer> {
  const takeBack = async (): Promise<void> => {
    try {
      await handler.del(req, { ...call, command: "DEL" });
    } catch (thrown) {
      call.note(`cannot take ADD back: ${messageOf(thrown)}`);
    }
  };
  const result = await handler.add(req, call);
  try {
    return { text: formatResult(result, req.conf.cniVersion), takeBack };
  } catch (thrown) {
    await takeBack();
    throw thrown;
  }
}

type Verb = Exclude<CniCommand, "VERSION">;

function isVerb(command: string): command is Verb {
  return ["ADD", "DEL", "CHECK", "GC", "STATUS"].includes(command);
}

/** The version since which a runtime may send the verb. */
const SINCE: Readonly<Partial<Record<Verb, string>>> = { CHECK: CHECK_SINCE, GC: GC_SINCE, STATUS: STATUS_SINCE };

/** CniError 1 for a version that the plugin does not have or that does not know the verb. */
function checkVersion(handler: CommandHandler, verb: Verb, version: string): CniVersion {
  const since = SINCE[verb];
  if (since !== undefined) {
    if (!versionAtLeast(version, since))
      throw new CniError(CNI_CODE.INCOMPATIBLE_VERSION, `config version does not allow ${verb}`);
    if (!handler.versions.some((supported) => versionAtLeast(supported, version)))
      throw new CniError(CNI_CODE.INCOMPATIBLE_VERSION, `plugin version does not allow ${verb}`);
  }
  const supported = handler.versions.find((candidate) => candidate === version);
  if (supported === undefined) {
    const list = handler.versions.map((known) => JSON.stringify(known)).join(" ");
    const details = `config is ${JSON.stringify(version)}, plugin supports [${list}]`;
    throw new CniError(CNI_CODE.INCOMPATIBLE_VERSION, "incompatible CNI versions", details);
  }
  return supported;
}

function readStdin(io: FrameIo): Uint8Array {
  try {
    return io.readStdin();
  } catch (thrown) {
    throw new CniError(CNI_CODE.IO_FAILURE, "error reading from stdin", messageOf(thrown), { cause: thrown });
  }
}
