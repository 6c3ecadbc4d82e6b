/** Exit statuses of the command itself; a container's own come beside them. docker-run(1), "Exit Status". */
export const EXIT = {
  done: 0,
  /** The operation failed. */
  failed: 1,
  /** The command line was wrong, or `run` could not start the container. */
  launcher: 125,
  /** The container's program is there and cannot be executed. */
  notExecutable: 126,
  /** The container's program is not there. */
  notFound: 127,
  /** No exit status is known: the monitor was lost. */
  lost: 255,
} as const;

/** Something foreseen went wrong. The message is a sentence for people; `remedy` says what to do. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly remedy: string;
  readonly status: number;

  constructor(message: string, remedy = "", options: { status?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = remedy;
    this.status = options.status ?? EXIT.failed;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
