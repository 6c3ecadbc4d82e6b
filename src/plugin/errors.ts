import { CNI_CODE, CniError } from "../cni/errors.ts";
import { isNetlinkError } from "../netlink/socket/index.ts";
import { StepError } from "./steps.ts";

/** What to do about an errno, where there is something to say that its name does not. */
const REMEDY: Readonly<Record<string, string>> = {
  EPERM: "the plugin needs CAP_NET_ADMIN and CAP_SYS_ADMIN in the namespaces concerned; runtimes call it as root",
  EACCES: "check owner and mode of the path; the plugin runs as root",
  EOPNOTSUPP: "this kernel lacks the feature; look for a missing module in the kernel's log",
  ENOBUFS: "the kernel is short of memory or of socket buffer; try again",
  ENOSPC: "the disk or a kernel table is full",
  EROFS: "the file system is mounted read-only",
  ENFILE: "the system has too many open files",
  EMFILE: "the open-files limit of the caller is too low",
};

/** Conditions that pass by themselves: kubelet and others try again. */
const TRANSIENT: ReadonlySet<string> = new Set([
  "EBUSY",
  "EAGAIN",
  "ERESTART",
  "ETIMEDOUT",
  "EINTR",
  "ENOBUFS",
  "ENOMEM",
]);

/**
 * The one place where errors become codes of the CNI specification. `undefined` is a bug: the frame answers 999 and
 * keeps the stack for stderr.
 */
export function toCniError(error: unknown): CniError | undefined {
  if (error instanceof CniError) return error;
  if (error instanceof StepError) return stepError(error);
  const code = errnoCode(error);
  if (code === undefined || !(error instanceof Error)) return undefined;
  const cniCode = TRANSIENT.has(code) ? CNI_CODE.TRY_AGAIN_LATER : CNI_CODE.OPERATION_FAILED;
  return new CniError(cniCode, error.message, REMEDY[code] ?? "", { cause: error });
}

function stepError(error: StepError): CniError | undefined {
  const cause = toCniError(error.cause);
  if (!cause) return undefined;
  const details = [cause.details, ...error.undoErrors.map((e) => e.message)].filter((line) => line !== "").join("\n");
  // A CniError's own sentence says enough; the kernel's needs to be told what it was about.
  const msg = error.cause instanceof CniError ? cause.message : `${error.step}: ${cause.message}`;
  return new CniError(cause.code, msg, details, { cause: error });
}

/** The symbolic errno of an error that came from the kernel, through netlink or a system call. */
export function errnoCode(error: unknown): string | undefined {
  if (isNetlinkError(error)) return error.code;
  const { code, errno } = (error ?? {}) as { code?: unknown; errno?: unknown };
  return typeof code === "string" && typeof errno === "number" ? code : undefined;
}
