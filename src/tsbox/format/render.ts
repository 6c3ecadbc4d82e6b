import type { FunctionName, Node, Term } from "./parse.ts";

/** What a template looks into: JSON. */
export type Value = string | number | boolean | null | undefined | readonly Value[] | { readonly [key: string]: Value };

/** Fills a template in. A field that is not there is an error naming it, as Docker's is. */
export function render(nodes: readonly Node[], dot: Value): string {
  return nodes.map((node) => renderNode(node, dot)).join("");
}

function renderNode(node: Node, dot: Value): string {
  if (node.kind === "text") return node.text;
  const value = evaluate(node.term, dot);
  if (node.kind === "print") return show(value);
  if (node.kind === "if") return render(isTrue(value) ? node.body : node.other, dot);
  const items = itemsOf(value);
  if (items.length === 0) return render(node.other, dot);
  return items.map((item) => render(node.body, item)).join("");
}

function evaluate(term: Term, dot: Value): Value {
  if (term.kind === "literal") return term.value;
  if (term.kind === "path") {
    let value = term.of === undefined ? dot : evaluate(term.of, dot);
    for (const field of term.fields) value = fieldOf(value, field);
    return value;
  }
  return call(
    term.name,
    term.args.map((arg) => evaluate(arg, dot)),
  );
}

function call(name: FunctionName, args: readonly Value[]): Value {
  const [first, second] = args;
  switch (name) {
    case "json":
      need(name, args, 1);
      return JSON.stringify(first ?? null);
    case "len":
      need(name, args, 1);
      if (typeof first === "string") return first.length;
      if (first === null || first === undefined || typeof first !== "object")
        throw new Error("len: no list, map or text");
      return itemsOf(first).length;
    case "join":
      need(name, args, 2);
      if (!Array.isArray(first) || typeof second !== "string") throw new Error("join: need a list and a text");
      return first.map(show).join(second);
    case "println":
      return `${args.map(show).join(" ")}\n`;
    case "index": {
      if (args.length < 2) throw new Error("index: need a value and a key");
      let value = first;
      for (const key of args.slice(1)) value = at(value, key);
      return value;
    }
  }
}

function need(name: string, args: readonly Value[], count: number): void {
  if (args.length !== count)
    throw new Error(`${name}: need ${count} argument${count === 1 ? "" : "s"}, have ${args.length}`);
}

function at(value: Value, key: Value): Value {
  if (Array.isArray(value)) {
    if (typeof key !== "number" || !(key >= 0 && key < value.length)) throw new Error(`index: no element ${show(key)}`);
    return value[key];
  }
  if (isMap(value)) return typeof key === "string" && Object.hasOwn(value, key) ? value[key] : undefined;
  throw new Error(`index: ${show(value)} is no list or map`);
}

function fieldOf(value: Value, field: string): Value {
  if (isMap(value) && Object.hasOwn(value, field)) return value[field];
  throw new Error(`there is no field ${JSON.stringify(field)}${isMap(value) ? "" : " in what is no map"}`);
}

const isMap = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Maps in the order of their keys, as Go walks them. */
function itemsOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (isMap(value))
    return Object.keys(value)
      .sort()
      .map((key) => value[key]);
  if (value === null || value === undefined) return [];
  throw new Error("range: no list or map");
}

function isTrue(value: Value): boolean {
  if (typeof value === "object" && value !== null) return itemsOf(value).length > 0;
  return Boolean(value);
}

/** As Go prints: `[a b]`, `map[k:v]`, `<no value>`. */
function show(value: Value): string {
  if (value === undefined || value === null) return "<no value>";
  if (Array.isArray(value)) return `[${value.map(show).join(" ")}]`;
  if (isMap(value))
    return `map[${Object.keys(value)
      .sort()
      .map((key) => `${key}:${show(value[key])}`)
      .join(" ")}]`;
  return String(value);
}
