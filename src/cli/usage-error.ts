/** A command line that cannot be followed; exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  /** What to write instead. */
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}
