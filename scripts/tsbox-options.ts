/**
 * bun scripts/tsbox-options.ts: writes docs/tsbox-options.md from the tables of the parser itself, with the test that shows
 * each option's effect. The gate compares the page, and looks for the tests.
 */
import { COMMANDS } from "../src/tsbox/commands/index.ts";
import { spelling } from "../src/tsbox/options/help.ts";
import type { Option } from "../src/tsbox/options/option.ts";
import type { Word } from "../src/tsbox/options/word.ts";

export const PAGE = "docs/tsbox-options.md";

export const loadWords = (): Promise<Word[]> => Promise.all(Object.values(COMMANDS).map(({ load }) => load()));

/** What the test of an option is called, at its beginning: `create` shares its options with `run`. */
export const titleOf = (word: Word, option: Option<unknown>): string =>
  `${word.name === "create" ? "run" : word.name} --${option.long}`;

export function pageOf(words: readonly Word[]): string {
  const sections = words.map(
    (word) => `## tsbox ${word.name}\n\n    ${usageOf(word)}\n\n${word.help.replaceAll("\n", " ")}\n${optionsOf(word)}`,
  );
  return `# Options of tsbox

Made from the parser by \`scripts/tsbox-options.ts\`: these are all there are, and any other ends with exit status 125 and a
suggestion. Every command has \`--help\` besides. They are written as Docker's are: \`--name VALUE\`, \`--name=VALUE\`, letters
together (\`-itd\`, \`-p80:80\`); \`--\` ends them, and for \`run\`, \`create\` and \`exec\` so does the first operand.

${sections.join("\n")}`;
}

const usageOf = (word: Word): string =>
  ["tsbox", word.name, Object.keys(word.options).length > 0 ? "[OPTIONS]" : "", word.usage].filter(Boolean).join(" ");

function optionsOf(word: Word): string {
  const options = Object.values(word.options).toSorted((a, b) => (a.long < b.long ? -1 : 1));
  if (options.length === 0) return "";
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const rows = options.map((o) => `| \`${cell(spelling(o))}\` | ${cell(o.help)} | ${o.proof} |`);
  return `\n| option | what it does | shown by |\n|---|---|---|\n${rows.join("\n")}\n`;
}

if (import.meta.main) await Bun.write(PAGE, pageOf(await loadWords()));
