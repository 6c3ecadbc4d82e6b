import { lexTemplate, type Piece, type Token } from "./lex.ts";

/** What has a value. */
export type Term =
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  /** Fields of the dot, or of a term in parentheses. */
  | { readonly kind: "path"; readonly of: Term | undefined; readonly fields: readonly string[] }
  | { readonly kind: "call"; readonly name: FunctionName; readonly args: readonly Term[] };

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly term: Term }
  | {
      readonly kind: "if" | "range";
      readonly term: Term;
      readonly body: readonly Node[];
      readonly other: readonly Node[];
    };

const FUNCTIONS = ["json", "index", "join", "len", "println"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

const KNOWN = "field paths, json, range, if, index, join, len, println";
const MAX_DEPTH = 32;

/** Parses a template of `--format`: the part of Go's templates that README names; anything else is an error by its name. */
export function parseTemplate(template: string): readonly Node[] {
  const pieces = lexTemplate(template);
  const { nodes, end } = parseNodes(pieces, 0);
  if (end !== undefined) throw new Error(`{{${end}}} without a beginning`);
  return nodes;
}

/** Nodes up to `else`, `end` or the last piece; takes the pieces it used out of the list. */
function parseNodes(pieces: Piece[], depth: number): { nodes: Node[]; end: string | undefined } {
  if (depth > MAX_DEPTH) throw new Error(`more than ${MAX_DEPTH} levels of range and if`);
  const nodes: Node[] = [];
  for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
    if (piece.kind === "text") {
      nodes.push(piece);
      continue;
    }
    const [first, ...rest] = piece.tokens;
    const keyword = first?.kind === "word" ? first.text : undefined;
    if (keyword === "end" || keyword === "else") {
      if (rest.length > 0) throw unknown(rest[0], `{{${keyword}}} takes nothing`);
      return { nodes, end: keyword };
    }
    if (keyword === "if" || keyword === "range") {
      const term = parseTerm(rest);
      const body = parseNodes(pieces, depth + 1);
      const other = body.end === "else" ? parseNodes(pieces, depth + 1) : { nodes: [], end: body.end };
      if (other.end !== "end") throw new Error(`{{${keyword}}} has no {{end}}`);
      nodes.push({ kind: keyword, term, body: body.nodes, other: other.nodes });
      continue;
    }
    nodes.push({ kind: "print", term: parseTerm(piece.tokens) });
  }
  return { nodes, end: undefined };
}

/** All tokens as one term: a function with its arguments, or a single operand. */
function parseTerm(tokens: readonly Token[]): Term {
  const rest = [...tokens];
  const term = takeCall(rest, 0);
  if (rest.length > 0) throw unknown(rest[0], "unexpected");
  return term;
}

function takeCall(rest: Token[], depth: number): Term {
  if (depth > MAX_DEPTH) throw new Error(`more than ${MAX_DEPTH} parentheses`);
  const [first] = rest;
  if (first === undefined) throw new Error("an action is empty");
  if (first.kind !== "word") return takeOperand(rest, depth);
  rest.shift();
  const name = FUNCTIONS.find((known) => known === first.text);
  if (name === undefined) throw unknown(first, "unknown");
  const args: Term[] = [];
  while (rest.length > 0 && !isSymbol(rest[0], ")")) args.push(takeOperand(rest, depth));
  return { kind: "call", name, args };
}

function takeOperand(rest: Token[], depth: number): Term {
  const token = rest.shift();
  if (token?.kind === "literal") return token;
  if (token?.kind === "path") return { kind: "path", of: undefined, fields: token.fields };
  if (!isSymbol(token, "(")) throw unknown(token, "unexpected");
  const inner = takeCall(rest, depth + 1);
  if (!isSymbol(rest.shift(), ")")) throw new Error(") is missing");
  const [next] = rest;
  if (next?.kind !== "path" || next.fields.length === 0) return inner;
  rest.shift();
  return { kind: "path", of: inner, fields: next.fields };
}

const isSymbol = (token: Token | undefined, text: string): boolean => token?.kind === "symbol" && token.text === text;

function unknown(token: Token | undefined, what: string): Error {
  const text =
    token === undefined
      ? "end"
      : "text" in token
        ? token.text
        : token.kind === "path"
          ? `.${token.fields.join(".")}`
          : String(token.value);
  return new Error(`${what}: ${JSON.stringify(text)} (a template knows ${KNOWN})`);
}
