/** A piece of an action: what stands between `{{` and `}}`. */
export type Token =
  | { readonly kind: "word" | "symbol"; readonly text: string }
  /** `.A.B`; empty for the dot alone. */
  | { readonly kind: "path"; readonly fields: readonly string[] }
  | { readonly kind: "literal"; readonly value: string | number | boolean };

export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly tokens: readonly Token[] };

/** More is no template of a person. */
const MAX_TEMPLATE = 64 * 1024;

/** Splits a template into text and actions; `{{-` and `-}}` trim blanks as in Go's text/template. */
export function lexTemplate(template: string): Piece[] {
  if (template.length > MAX_TEMPLATE) throw new Error(`the template has more than ${MAX_TEMPLATE} characters`);
  const pieces: Piece[] = [];
  let rest = template;
  let trimNext = false;
  for (;;) {
    const open = rest.indexOf("{{");
    let text = open < 0 ? rest : rest.slice(0, open);
    const inside = open < 0 ? "" : rest.slice(open + 2);
    const trimBefore = /^-\s/.test(inside);
    if (trimNext) text = text.trimStart();
    if (trimBefore) text = text.trimEnd();
    if (text !== "") pieces.push({ kind: "text", text });
    if (open < 0) return pieces;
    const { tokens, length, trims } = lexAction(trimBefore ? inside.slice(1) : inside);
    pieces.push({ kind: "action", tokens });
    rest = inside.slice(length + (trimBefore ? 1 : 0));
    trimNext = trims;
  }
}

const TOKENS =
  /\s+|(-?\s?\}\})|("(?:[^"\\\n]|\\.)*"|`[^`]*`)|(-?\d+)(?![\w.])|((?:\.[A-Za-z_]\w*)+|\.)|([A-Za-z_]\w*)|(\$\w*|[()|=:,]|\S)/y;

function lexAction(text: string): { tokens: Token[]; length: number; trims: boolean } {
  const tokens: Token[] = [];
  TOKENS.lastIndex = 0;
  for (let match = TOKENS.exec(text); match; match = TOKENS.exec(text)) {
    const [, end, quoted, number, path, name, symbol] = match;
    if (end !== undefined) return { tokens, length: TOKENS.lastIndex, trims: end.startsWith("-") };
    if (quoted !== undefined) tokens.push({ kind: "literal", value: unquote(quoted) });
    else if (number !== undefined) tokens.push({ kind: "literal", value: Number(number) });
    else if (path !== undefined) tokens.push({ kind: "path", fields: path === "." ? [] : path.slice(1).split(".") });
    else if (name === "true" || name === "false") tokens.push({ kind: "literal", value: name === "true" });
    else if (name !== undefined) tokens.push({ kind: "word", text: name });
    else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol });
  }
  throw new Error("an action has no end: }} is missing");
}

function unquote(text: string): string {
  if (text.startsWith("`")) return text.slice(1, -1);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`cannot read the string ${text}`);
  }
}
