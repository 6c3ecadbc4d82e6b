import { UsageError } from "../../cli/usage-error.ts";
import type { Option, Options, Values } from "./option.ts";
import { nearest } from "./suggest.ts";

export interface Parsed<O extends Options> {
  readonly values: Values<O>;
  /** What is no option, in order. */
  readonly operands: readonly string[];
  /** `--help` was among them; nothing else was looked at. */
  readonly help: boolean;
}

export interface Rules {
  /** The words before the options, for messages: `run`, `system gc`. */
  readonly command: string;
  /** Options end at the first operand (the image's name, the container of `exec`), as what follows belongs to the program. */
  readonly stopAtOperand: boolean;
}

/**
 * Parses a command line as Docker's client does (pflag): `--name value`, `--name=value`, clusters of letters whose last one
 * may have a value (`-itd`, `-p80:80`, `-p=80:80`), `--` ends the options. Throws a UsageError that says what is wrong and
 * what may have been meant.
 */
export function parseOptions<O extends Options>(table: O, args: readonly string[], rules: Rules): Parsed<O> {
  const state = new State(table, rules);
  const operands: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") {
      operands.push(...rest);
      break;
    }
    if (arg === "--help") return { values: state.values(), operands, help: true };
    if (arg.startsWith("--")) state.long(arg, rest);
    else if (arg.startsWith("-") && arg !== "-") state.cluster(arg, rest);
    else {
      refuseDash(table, arg, rules, operands);
      operands.push(arg);
      if (rules.stopAtOperand) {
        operands.push(...rest);
        break;
      }
    }
  }
  return { values: state.values(), operands, help: false };
}

/** En and em dashes come out of word processors, in front of what was an option. */
function refuseDash(table: Options, arg: string, rules: Rules, operands: readonly string[]): void {
  if (operands.length > 0 || !/^[\u2010-\u2015\u2212]/.test(arg)) return;
  const name = arg.replace(/^[\u2010-\u2015\u2212-]+/, "").replace(/=.*/s, "");
  const meant = nearest(name, longNames(table));
  throw new UsageError(
    `${JSON.stringify(arg)} begins with a typographic dash, not with "-"`,
    meant === undefined ? hint(rules) : `did you mean --${meant}?`,
  );
}

class State<O extends Options> {
  readonly #table: O;
  readonly #rules: Rules;
  readonly #values: Record<string, unknown> = {};

  constructor(table: O, rules: Rules) {
    this.#table = table;
    this.#rules = rules;
    for (const [key, option] of Object.entries(table)) this.#values[key] = option.initial;
  }

  values(): Values<O> {
    return this.#values as Values<O>;
  }

  long(arg: string, rest: string[]): void {
    const equals = arg.indexOf("=");
    const name = arg.slice(2, equals < 0 ? undefined : equals);
    const found = Object.entries(this.#table).find(([, option]) => option.long === name);
    if (!found) throw this.#unknown(`unknown option --${name}`, name);
    const given = equals < 0 ? undefined : arg.slice(equals + 1);
    this.#take(found[0], found[1], `--${name}`, given, rest);
  }

  cluster(arg: string, rest: string[]): void {
    const letters = [...arg.slice(1)];
    while (letters.length > 0) {
      const letter = letters.shift() ?? "";
      const found = Object.entries(this.#table).find(([, option]) => option.short === letter);
      if (!found) {
        const whole = arg.slice(1).replace(/=.*/s, "");
        throw this.#unknown(`unknown option -${letter}${arg.length > 2 ? ` in ${arg}` : ""}`, whole);
      }
      const [key, option] = found;
      const after = letters.join("");
      if (option.metavar === undefined && !after.startsWith("=")) {
        this.#take(key, option, `-${letter}`, undefined, rest);
        continue;
      }
      const given = after === "" ? undefined : after.replace(/^=/, "");
      this.#take(key, option, `-${letter}`, given, rest);
      return;
    }
  }

  #take(key: string, option: Option<unknown>, shown: string, given: string | undefined, rest: string[]): void {
    const text = given ?? (option.metavar === undefined ? "true" : rest.shift());
    if (text === undefined) throw new UsageError(`option ${shown} needs a value`, hint(this.#rules));
    try {
      this.#values[key] = option.take(this.#values[key], text);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new UsageError(`invalid value ${JSON.stringify(text)} for ${shown}: ${error.message}`, hint(this.#rules));
    }
  }

  #unknown(problem: string, name: string): UsageError {
    const meant = nearest(name, longNames(this.#table));
    return new UsageError(problem, meant === undefined ? hint(this.#rules) : `did you mean --${meant}?`);
  }
}

const longNames = (table: Options): string[] => Object.values(table).map((option) => option.long);

const hint = ({ command }: Rules): string => `see tsbox ${command} --help`;
