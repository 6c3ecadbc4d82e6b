/** A command of a page, and what it shows. */
export interface Example {
  readonly command: string;
  /** Lines as the page shows them. */
  readonly shown: string;
}

/** A page's `console` blocks: a command after each `$ `, and what it prints. */
export function examplesOf(page: string): Example[] {
  const blocks = [...page.matchAll(/^```console\n(.*?)^```$/gms)].map(([, text = ""]) => text);
  return blocks
    .flatMap((text) => text.split(/^\$ /m).slice(1))
    .map((text) => {
      const end = text.indexOf("\n");
      return { command: text.slice(0, end), shown: text.slice(end + 1) };
    });
}

/** `…` stands for the rest of a line, and alone on a line for any lines. */
export function pattern(shown: string): RegExp {
  const source = shown
    .split(/^…\n/m)
    .map((part) => part.split("…").map(RegExp.escape).join("[^\\n]*"))
    .join("(?:[^\\n]*\\n)*?");
  return new RegExp(`^${source}$`);
}
