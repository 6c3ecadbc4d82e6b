import { isSystemError } from "../../native/load.ts";
import { UsageError } from "../cli/usage-error.ts";
import { CniError } from "../cni/errors.ts";
import { CgroupError, LimitError } from "./cgroup/error.ts";
import { DeviceError } from "./devices/nodes.ts";
import { EXIT, Failure } from "./failure.ts";
import { ConfigError } from "./helper/encode.ts";
import { CapabilityError } from "./isolation/capabilities.ts";
import { isRoot, remedyForCode } from "./remedies.ts";

/** What the user asked for cannot be. */
const REQUESTS = [LimitError, DeviceError, CapabilityError, ConfigError];

/** Of src/tsbox/seccomp, which is only loaded when a filter has to be compiled: its tables cost 3 ms. */
export const isPolicyError = (error: unknown): error is Error => error instanceof Error && error.name === "PolicyError";

/** What was foreseen, as one kind of error; `undefined` for a bug. */
export function asFailure(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error instanceof UsageError)
    return new Failure(error.message, error.remedy, { status: EXIT.launcher, cause: error });
  if (isPolicyError(error) || (error instanceof Error && REQUESTS.some((known) => error instanceof known)))
    return new Failure(error.message, "see tsbox run --help", { status: EXIT.launcher, cause: error });
  if (error instanceof CniError) return new Failure(error.message, error.details, { cause: error });
  // The addon's, those of cgroups, and node:fs's.
  const isSystem = error instanceof Error && "code" in error && ("syscall" in error || error instanceof CgroupError);
  if (isSystemError(error) || isSystem)
    return new Failure(error.message, remedyForCode(String(error.code), isRoot()), { cause: error });
  return undefined;
}
