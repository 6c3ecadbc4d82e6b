import { parseEnv } from "./words.ts";

const MAX_LINES = 100_000;

/**
 * The variables of an `--env-file`: a line each, `NAME=value` as it stands (no quotes are taken off), `NAME` for the
 * caller's; empty lines and those beginning with `#` are skipped, as are blanks before a name.
 */
export function parseEnvFile(text: string, caller: Readonly<Record<string, string | undefined>>): string[] {
  const take = parseEnv(caller);
  const found: string[] = [];
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  if (lines.length > MAX_LINES) throw new Error(`more than ${MAX_LINES} lines`);
  for (const [i, raw] of lines.entries()) {
    const line = raw.replace(/\r$/, "").trimStart();
    if (line === "" || line.startsWith("#")) continue;
    if (/\s/.test(line.replace(/=.*/s, ""))) throw new Error(`line ${i + 1}: blank in the name of a variable`);
    try {
      const variable = take(line);
      if (variable !== undefined) found.push(variable);
    } catch (error) {
      throw new Error(`line ${i + 1}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return found;
}
