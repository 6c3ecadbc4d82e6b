/** What standard output is. */
export interface Terminal {
  /** Columns of the terminal; `undefined` when it goes into a file or another program, which gets whole lines. */
  readonly columns: number | undefined;
  readonly color: boolean;
}

export const NO_TERMINAL: Terminal = { columns: undefined, color: false };

/** Fewer than that are taken for a terminal that does not know. */
const MIN_COLUMNS = 20;
const USUAL_COLUMNS = 80;

/** Of the addon. */
interface LinkReader {
  readLink(path: string): string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Looks at what standard output is. COLUMNS overrides the terminal's own width; colours need a terminal and go by
 * https://no-color.org (NO_COLOR set and not empty) and TERM=dumb.
 * @param width asks the terminal; costs milliseconds, so it is called only for one
 */
export function terminalOf(native: LinkReader, env: Environment, width: () => number | undefined): Terminal {
  if (!isTerminal(native)) return NO_TERMINAL;
  const given = Number(env["COLUMNS"]);
  const columns = Number.isInteger(given) && given > 0 ? given : (width() ?? USUAL_COLUMNS);
  return {
    columns: columns < MIN_COLUMNS ? USUAL_COLUMNS : columns,
    color: !env["NO_COLOR"] && env["TERM"] !== "dumb" && env["TERM"] !== undefined,
  };
}

/** By the file's name, without node:tty. */
function isTerminal(native: LinkReader): boolean {
  try {
    return /^\/dev\/(pts\/|tty|console|vc)/.test(native.readLink("/proc/self/fd/1") ?? "");
  } catch {
    return false;
  }
}

const STYLES = { bold: ["\x1b[1m", "\x1b[22m"], dim: ["\x1b[2m", "\x1b[22m"], bad: ["\x1b[31m", "\x1b[39m"] } as const;

/** Text in a style, where the terminal has any. */
export const styled = ({ color }: Terminal, style: keyof typeof STYLES, text: string): string =>
  color ? `${STYLES[style][0]}${text}${STYLES[style][1]}` : text;
