/** What is wrong with a limit the user asked for, in a sentence for the user: nothing was changed. */
export class LimitError extends Error {
  override readonly name = "LimitError";
}

/** A cgroup could not be made, changed or removed. `code` is the kernel's errno (`EBUSY`), or `ENODEV` for a controller that is absent. */
export class CgroupError extends Error {
  override readonly name = "CgroupError";

  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The symbolic errno of what the addon, or a stand-in for it, threw. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
