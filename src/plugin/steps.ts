/** A step failed; everything before it was taken back. The first cause is what the caller sees. */
export class StepError extends Error {
  override readonly name = "StepError";
  /** `create veth pair` */
  readonly step: string;
  /** What went wrong while taking back. */
  readonly undoErrors: readonly Error[];

  constructor(step: string, cause: unknown, undoErrors: readonly Error[]) {
    super(`${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.step = step;
    this.undoErrors = undoErrors;
  }
}

export interface Transaction {
  /**
   * Does something that can be taken back. A step happens or does not: `undo` runs only when `work` succeeded and a
   * later step failed.
   */
  step<T>(name: string, work: () => Promise<T>, undo?: () => Promise<void>): Promise<T>;
  /** Opens something that is closed at the end, however it ends. */
  hold<T extends AsyncDisposable>(name: string, open: () => Promise<T>): Promise<T>;
}

/** Runs steps in order; when one fails, takes the earlier ones back in reverse and throws a `StepError`. */
export async function transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
  const undos: { name: string; undo: () => Promise<void> }[] = [];
  const held: AsyncDisposable[] = [];
  const failed: { step: string; cause: unknown }[] = [];

  const attempt = async <R>(name: string, run: () => Promise<R>): Promise<R> => {
    try {
      return await run();
    } catch (cause) {
      failed.push({ step: name, cause });
      throw cause;
    }
  };

  try {
    return await work({
      async step(name, run, undo) {
        const value = await attempt(name, run);
        if (undo) undos.push({ name, undo });
        return value;
      },
      async hold(name, open) {
        const opened = await attempt(name, open);
        held.push(opened);
        return opened;
      },
    });
  } catch (error) {
    const undoErrors = await takeBack(undos.reverse());
    const step = failed.find((f) => f.cause === error);
    if (step) throw new StepError(step.step, error, undoErrors);
    throw error;
  } finally {
    await closeAll(held.reverse());
  }
}

/** By hand: `AsyncDisposableStack` costs a process 0.2 ms at its first use. */
async function closeAll([first, ...others]: AsyncDisposable[]): Promise<void> {
  if (first === undefined) return;
  try {
    await first[Symbol.asyncDispose]();
  } finally {
    await closeAll(others);
  }
}

async function takeBack(undos: readonly { name: string; undo: () => Promise<void> }[]): Promise<Error[]> {
  const errors: Error[] = [];
  for (const { name, undo } of undos) {
    try {
      await undo();
    } catch (error) {
      errors.push(
        new Error(`undo ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error }),
      );
    }
  }
  return errors;
}

/** `needs` names an earlier task without whose success this one would do harm. */
type Task = readonly [name: string, run: () => Promise<void>, needs?: string];

/**
 * Runs all of `tasks` whatever happens to each, as DEL and GC do, and throws what went wrong: the error itself when there
 * is one, a `StepError` that holds the others when there are more.
 */
export async function allOf(tasks: readonly Task[]): Promise<void> {
  const errors: StepError[] = [];
  for (const [name, run, needs] of tasks) {
    try {
      if (errors.some((error) => error.step === needs)) throw new Error(`not done, because "${needs}" failed`);
      await run();
    } catch (error) {
      errors.push(new StepError(name, error, []));
    }
  }
  const [first, ...others] = errors;
  if (first) throw others.length === 0 ? first : new StepError(first.step, first.cause, others);
}
