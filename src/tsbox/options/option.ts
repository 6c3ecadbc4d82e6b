/**
 * One option of a command line, whole: its names, how its text becomes a value, what the page of options says about it and
 * which test shows its effect. Parser, help and page (docs/tsbox-options.md) are made from the same value.
 */
export interface Option<T> {
  /** Without dashes: `memory-swap`. */
  readonly long: string;
  /** One letter. */
  readonly short?: string | undefined;
  /** The word for its value in help; `undefined` for a switch, which takes none (or `=true`, `=false`). */
  readonly metavar: string | undefined;
  readonly help: string;
  /** The test that shows the effect by another witness: `FILE: NAME`. */
  readonly proof: string;
  /** What it is when not given. */
  readonly initial: T;
  /** Takes the text of one occurrence; throws an Error whose message says what is wrong with the text. */
  take(soFar: T, text: string): T;
}

interface Names {
  readonly long: string;
  readonly short?: string;
  readonly help: string;
  readonly proof: string;
}

/** On or off; the last occurrence counts. */
export function toggle(names: Names, initial = false): Option<boolean> {
  return { ...names, metavar: undefined, initial, take: (_, text) => parseBoolean(text) };
}

/** At most one value; the last occurrence counts. */
export function single<T>(
  names: Names & { readonly metavar: string },
  parse: (text: string) => T,
): Option<T | undefined> {
  return { ...names, initial: undefined, take: (_, text) => parse(text) };
}

/** Any number of values, in the order given. */
export function many<T>(names: Names & { readonly metavar: string }, parse: (text: string) => T): Option<readonly T[]> {
  return { ...names, initial: [], take: (soFar, text) => [...soFar, parse(text)] };
}

/** The options of one command, by the name the program uses. */
export type Options = Readonly<Record<string, Option<unknown>>>;

export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

const TRUE = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE = ["0", "f", "F", "FALSE", "false", "False"];

/** The words of Go's strconv.ParseBool, which Docker's switches take after `=`. */
function parseBoolean(text: string): boolean {
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  throw new Error(`need true or false, have ${JSON.stringify(text)}`);
}
