import { printable } from "../../text.ts";
import type { Form } from "../names.ts";

/**
 * The rule set in the words of nft(8), from the JSON form. For people: it reads like `nft list ruleset`; what has no words of
 * its own stands there as JSON. Names and comments are escaped.
 */
export function rulesetText(objects: readonly Form[]): string {
  const tables: { head: string; body: string[]; chains: Map<string, { head: string[]; rules: string[] }> }[] = [];
  for (const object of objects) {
    const [kind = "", value] = Object.entries(object)[0] ?? [];
    const fields = value as Form;
    if (kind === "metainfo") continue;
    if (kind === "table") {
      tables.push({ head: `table ${fields["family"]} ${name(fields["name"])}`, body: [], chains: new Map() });
      continue;
    }
    const table = tables.at(-1);
    if (!table) continue;
    if (kind === "chain") table.chains.set(String(fields["name"]), { head: chainHead(fields), rules: [] });
    else if (kind === "rule") table.chains.get(String(fields["chain"]))?.rules.push(ruleText(fields));
    else table.body.push(...objectLines(kind, fields));
  }
  return tables
    .map(({ head, body, chains }) => {
      const parts = [...chains].map(([chain, { head: lines, rules }]) =>
        [`  chain ${name(chain)} {`, ...[...lines, ...rules].map((line) => `    ${line}`), "  }"].join("\n"),
      );
      return `${head} {\n${[...body, ...parts].join("\n")}\n}\n`;
    })
    .join("");
}

const name = (value: unknown): string => printable(String(value));
const quoted = (value: unknown): string => `"${name(value)}"`;

function chainHead(chain: Form): string[] {
  if (chain["type"] === undefined) return [];
  const dev = chain["dev"] === undefined ? "" : ` device ${[chain["dev"]].flat().map(quoted).join(", ")}`;
  return [`type ${chain["type"]} hook ${chain["hook"]}${dev} priority ${chain["prio"]}; policy ${chain["policy"]};`];
}

function objectLines(kind: string, fields: Form): string[] {
  const lines: string[] = [];
  if (kind === "set" || kind === "map") {
    const type = [fields["type"]].flat().join(" . ");
    lines.push(`type ${type}${kind === "map" ? ` : ${fields["map"]}` : ""}`);
    if (fields["size"] !== undefined) lines.push(`size ${fields["size"]}`);
    if (Array.isArray(fields["flags"])) lines.push(`flags ${fields["flags"].join(",")}`);
    if (fields["timeout"] !== undefined) lines.push(`timeout ${fields["timeout"]}s`);
    const elements = fields["elem"];
    if (Array.isArray(elements)) lines.push(...elementLines(elements));
  } else if (kind === "counter") lines.push(`packets ${fields["packets"]} bytes ${fields["bytes"]}`);
  else lines.push(json(without(fields, ["family", "table", "name", "handle"])));
  if (fields["comment"] !== undefined) lines.push(`comment ${quoted(fields["comment"])}`);
  return [`  ${kind} ${name(fields["name"])} {`, ...lines.map((line) => `    ${line}`), "  }"];
}

const elementLines = (elements: readonly unknown[]): string[] => {
  const texts = elements.map(elementText);
  return ["elements = {", ...texts.map((text, i) => `  ${text}${i === texts.length - 1 ? "" : ","}`), "}"];
};

function elementText(element: unknown): string {
  if (!Array.isArray(element)) return exprText(element);
  return `${exprText(element[0])} : ${isForm(element[1]) && isVerdict(element[1]) ? statementText(element[1]) : exprText(element[1])}`;
}

export function ruleText(rule: Form): string {
  const statements = Array.isArray(rule["expr"]) ? (rule["expr"] as Form[]).map(statementText) : [];
  return [...statements, ...(rule["comment"] === undefined ? [] : [`comment ${quoted(rule["comment"])}`])].join(" ");
}

const VERDICTS = new Set(["accept", "drop", "continue", "return", "jump", "goto"]);
const isVerdict = (form: Form): boolean => VERDICTS.has(Object.keys(form)[0] ?? "");
const isForm = (value: unknown): value is Form => typeof value === "object" && value !== null && !Array.isArray(value);

function statementText(statement: Form): string {
  const [kind = "", value] = Object.entries(statement)[0] ?? [];
  const fields = isForm(value) ? value : {};
  // An object that a map names: its own kind of statement has no map in it.
  const { map } = fields;
  if (isForm(map) && map["data"] !== undefined)
    return `${kind} name ${exprText(map["key"])} map ${exprText(map["data"])}`;
  switch (kind) {
    case "match":
      return matchText(fields);
    case "counter":
      return typeof value === "string"
        ? `counter name ${quoted(value)}`
        : `counter packets ${fields["packets"]} bytes ${fields["bytes"]}`;
    case "jump":
    case "goto":
      return `${kind} ${name(fields["target"])}`;
    case "mangle":
      return `${exprText(fields["key"])} set ${exprText(fields["value"])}`;
    case "vmap":
      return `${exprText(fields["key"])} vmap ${exprText(fields["data"])}`;
    case "reject":
      return value === null ? "reject" : `reject with ${[fields["type"], fields["expr"]].filter(Boolean).join(" ")}`;
    case "limit":
      return limitText(value, fields);
    case "log":
      return `log${words(fields)}`;
    case "snat":
    case "dnat":
    case "masquerade":
    case "redirect":
      return natText(kind, fields);
    case "ct count":
      return `ct count ${fields["inv"] ? "over " : ""}${fields["val"]}`;
    case "set":
    case "map":
      return `${fields["op"]} ${name(fields[kind])} { ${exprText(fields["elem"])}${fields["data"] === undefined ? "" : ` : ${exprText(fields["data"])}`} }`;
    case "xt":
      return `xt ${fields["type"]} ${quoted(fields["name"])}`;
    case "unknown":
      return `[${name(value)}]`;
    default:
      return value === null ? kind : `${kind} ${typeof value === "string" ? quoted(value) : json(value)}`;
  }
}

function matchText({ op, left, right }: Form): string {
  const sign = op === "==" || op === "in" ? "" : `${op} `;
  return `${exprText(left)} ${sign}${exprText(right)}`;
}

function limitText(value: unknown, fields: Form): string {
  if (typeof value === "string") return `limit name ${quoted(value)}`;
  const unit = fields["rate_unit"] === undefined ? "" : ` ${fields["rate_unit"]}`;
  return `limit rate ${fields["inv"] ? "over " : ""}${fields["rate"]}${unit}/${fields["per"]} burst ${fields["burst"]} ${fields["burst_unit"] ?? "packets"}`;
}

function natText(kind: string, fields: Form): string {
  const family = fields["family"] === undefined ? "" : ` ${fields["family"]}`;
  const target = [
    fields["addr"] === undefined ? "" : exprText(fields["addr"]),
    fields["port"] === undefined ? "" : `:${exprText(fields["port"])}`,
  ].join("");
  const flags = fields["flags"] === undefined ? "" : ` ${[fields["flags"]].flat().join(",")}`;
  return `${kind}${target === "" ? "" : `${family} to ${target}`}${flags}`;
}

const words = (fields: Form): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key} ${key === "prefix" ? quoted(value) : [value].flat().join(",")}`)
    .join("");

/** An expression: a value, or where one comes from. */
export function exprText(value: unknown): string {
  if (typeof value === "string")
    return value.startsWith("@") || /^[\w.:/-]+$/.test(value) ? name(value) : quoted(value);
  if (typeof value === "boolean") return value ? "exists" : "missing";
  if (Array.isArray(value)) return value.map(exprText).join(",");
  if (!isForm(value)) return String(value);
  const [kind = "", inner] = Object.entries(value)[0] ?? [];
  const fields = isForm(inner) ? inner : {};
  switch (kind) {
    case "payload":
      return fields["protocol"] === undefined
        ? `@${fields["base"]},${fields["offset"]},${fields["len"]}`
        : `${fields["protocol"]} ${fields["field"]}`;
    case "meta":
      return META_ALONE.has(String(fields["key"])) ? String(fields["key"]) : `meta ${fields["key"]}`;
    case "ct":
      return `ct ${fields["dir"] === undefined ? "" : `${fields["dir"]} `}${fields["key"]}`;
    case "fib":
      return `fib ${[fields["flags"]].flat().join(" . ")} ${fields["result"]}`;
    case "rt":
    case "socket":
      return `${kind} ${fields["key"]}`;
    case "tcp option":
      return `tcp option ${fields["name"]}${fields["field"] === undefined ? "" : ` ${fields["field"]}`}`;
    case "prefix":
      return `${exprText(fields["addr"])}/${fields["len"]}`;
    case "range":
      return Array.isArray(inner) ? inner.map(exprText).join("-") : "";
    case "concat":
      return Array.isArray(inner) ? inner.map(exprText).join(" . ") : "";
    case "set":
      return Array.isArray(inner) ? `{ ${inner.map(elementText).join(", ")} }` : "{ }";
    case "map":
      return `${exprText(fields["key"])} map ${exprText(fields["data"])}`;
    case "elem":
      return `${exprText(fields["val"])}${fields["timeout"] === undefined ? "" : ` timeout ${fields["timeout"]}s`}${fields["expires"] === undefined ? "" : ` expires ${fields["expires"]}s`}${fields["comment"] === undefined ? "" : ` comment ${quoted(fields["comment"])}`}`;
    case "&":
    case "|":
    case "^":
    case "<<":
    case ">>":
      return Array.isArray(inner)
        ? inner
            .map((part) => (Array.isArray(part) ? `(${part.map(exprText).join(" | ")})` : exprText(part)))
            .join(` ${kind} `)
        : "";
    case "unknown":
      return `[${name(inner)}]`;
    default:
      return isVerdict(value) ? statementText(value) : json(value);
  }
}

/** Keys that are written without `meta`. */
const META_ALONE = new Set(["iif", "iifname", "oif", "oifname"]);

const json = (value: unknown): string => printable(JSON.stringify(value) ?? "");
const without = (fields: Form, keys: readonly string[]): Form =>
  Object.fromEntries(Object.entries(fields).filter(([key, value]) => !keys.includes(key) && value !== undefined));
