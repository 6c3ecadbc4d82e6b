import { CniError } from "../errors.ts";
import { runPlugin } from "../frame.ts";
import type { CommandHandler, Invocation } from "../handler.ts";
import type { FrameIo } from "../io.ts";
import type { NetnsState } from "../netns.ts";
import { CNI_VERSIONS } from "../types.ts";

/** A handler that notes its calls and answers ADD with `prevResult` or one address. */
export function recordingHandler(overrides: Partial<CommandHandler> = {}): {
  handler: CommandHandler;
  calls: string[];
  requests: unknown[];
  invocations: Invocation[];
} {
  const calls: string[] = [];
  const requests: unknown[] = [];
  const invocations: Invocation[] = [];
  const record = (verb: string, req: unknown, call: Invocation): void => {
    calls.push(verb);
    requests.push(req);
    invocations.push(call);
  };
  const handler: CommandHandler = {
    name: "static",
    release: "v1.2.3",
    versions: CNI_VERSIONS,
    entersNetns: true,
    add: async (req, call) => {
      record("add", req, call);
      return req.conf.prevResult ?? { ips: [{ address: "10.1.0.5/16" }] };
    },
    del: async (req, call) => record("del", req, call),
    check: async (req, call) => record("check", req, call),
    gc: async (req, call) => record("gc", req, call),
    status: async (req, call) => record("status", req, call),
    ...overrides,
  };
  return { handler, calls, requests, invocations };
}

export interface CallOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallInput {
  readonly env?: Record<string, string>;
  readonly stdin?: string | Uint8Array | Error;
  readonly netns?: NetnsState["kind"];
  readonly cwd?: string | undefined;
  /** stdout and stderr refuse everything. */
  readonly closed?: boolean;
}

/** Everything ADD needs; tests change what they are about. */
export const ADD_ENV = {
  CNI_COMMAND: "ADD",
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/run/netns/blue",
  CNI_IFNAME: "eth0",
  CNI_PATH: "/opt/cni/bin",
};

/** Runs the frame without a process around it. */
export async function callPlugin(handler: CommandHandler, input: CallInput): Promise<CallOutcome> {
  const written = { stdout: "", stderr: "" };
  const closed = (): never => {
    throw new Error("write: EPIPE: Broken pipe");
  };
  const append = (stream: "stdout" | "stderr", text: string): void => {
    written[stream] += text;
  };
  const io: FrameIo = {
    env: input.env ?? ADD_ENV,
    cwd: "cwd" in input ? input.cwd : "/home",
    readStdin: () => {
      if (input.stdin instanceof Error) throw input.stdin;
      return typeof input.stdin === "string"
        ? new TextEncoder().encode(input.stdin)
        : (input.stdin ?? new Uint8Array());
    },
    writeStdout: input.closed ? closed : (text) => append("stdout", text),
    writeStderr: input.closed ? closed : (text) => append("stderr", text),
    probeNetns: () => {
      const kind = input.netns ?? "foreign";
      return kind === "unknown" ? { kind, reason: "open: EMFILE: Too many open files" } : { kind };
    },
  };
  const mapError = (error: unknown): CniError | undefined =>
    error instanceof RangeError ? new CniError(100, error.message) : undefined;
  return { exitCode: await runPlugin(handler, io, mapError), ...written };
}
