import { CNI_CODE, CniError } from "./errors.ts";
import { isObject, show } from "./json.ts";
import type { Json, JsonObject } from "./types.ts";

/**
 * The value of a key, matched without regard to case as the reference's JSON decoder does: of several spellings the last
 * one in the document counts; `null` is "not set".
 */
export function lookup(object: JsonObject, key: string): Json | undefined {
  const wanted = key.toLowerCase();
  let found: Json | undefined;
  for (const name in object) {
    // Our keys are ASCII, so one of another length is another one in any case.
    if (name !== key && (name.length !== key.length || name.toLowerCase() !== wanted)) continue;
    const value = object[name];
    if (value !== null && value !== undefined) found = value;
  }
  return found;
}

/** Whether the key is there at all, be it `null`. */
export function hasKey(object: JsonObject, key: string): boolean {
  const wanted = key.toLowerCase();
  return Object.keys(object).some((name) => name.toLowerCase() === wanted);
}

export interface IntRange {
  readonly min?: number;
  readonly max?: number;
}

/**
 * Typed reading of one configuration object. Each getter gives `undefined` for a key that is absent or `null`, and throws
 * CniError 7 naming the whole path for a value of another type: `key "ipam.ranges[0].gateway": need a string, have 5`.
 */
export interface Fields {
  /** Path of this object from the top: empty, `ipam`, `ipam.ranges[0]`. */
  readonly path: string;
  readonly raw: JsonObject;
  value(key: string): Json | undefined;
  string(key: string): string | undefined;
  /** Only `true` and `false`; see `looseBool` for what the reference also takes as text. */
  bool(key: string): boolean | undefined;
  /** A whole number within the range (both ends included; default: what a double holds exactly). */
  int(key: string, range?: IntRange): number | undefined;
  object(key: string): Fields | undefined;
  list(key: string): Json[] | undefined;
  strings(key: string): string[] | undefined;
  objects(key: string): Fields[] | undefined;
  /** Lists within a list, as in `ipam.ranges`: each inner list as objects. */
  objectLists(key: string): Fields[][] | undefined;
  /** The path of a key below this object, for messages. */
  pathOf(key: string): string;
  /** The error for a value that has the right type and is wrong all the same: `key "vlan": <need>, have 5000`. */
  wrong(key: string, need: string): CniError;
}

/**
 * Opens an object for typed reading.
 * @param lenient a value of the wrong type counts as not set: for DEL and GC, which must clean up whatever the config says
 */
export function fields(raw: JsonObject, path = "", lenient = false): Fields {
  return new ObjectFields(raw, path, lenient);
}

/** A class, so that a list of ten thousand objects does not take ten thousand of each function. */
class ObjectFields implements Fields {
  readonly raw: JsonObject;
  readonly path: string;
  private readonly lenient: boolean;
  /** By names in lower case. */
  private index: Map<string, Json> | undefined;

  constructor(raw: JsonObject, path: string, lenient: boolean) {
    this.raw = raw;
    this.path = path;
    this.lenient = lenient;
  }

  pathOf(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`;
  }
  /** As `lookup`; of an object that is asked for many keys each is looked at once. */
  value(key: string): Json | undefined {
    if (this.index === undefined) {
      this.index = new Map();
      for (const name in this.raw) {
        const value = this.raw[name];
        if (value !== null && value !== undefined) this.index.set(name.toLowerCase(), value);
      }
    }
    return this.index.get(key.toLowerCase());
  }
  string(key: string): string | undefined {
    return this.read(key, "a string", asString);
  }
  bool(key: string): boolean | undefined {
    return this.read(key, "true or false", asBool);
  }
  int(key: string, range?: IntRange): number | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    const number = asInt(value, range);
    if (number === undefined && !this.lenient) throw wrongKey(this.pathOf(key), needInt(range), value);
    return number;
  }
  object(key: string): Fields | undefined {
    return this.read(key, "an object", (value) => this.asObject(value, this.pathOf(key)));
  }
  list(key: string): Json[] | undefined {
    return this.readList(key, "a value", (value) => value);
  }
  strings(key: string): string[] | undefined {
    return this.readList(key, "a string", asString);
  }
  objects(key: string): Fields[] | undefined {
    return this.readList(key, "an object", (value, at) => this.asObject(value, at));
  }
  objectLists(key: string): Fields[][] | undefined {
    return this.readList(key, "a list", (value, at) =>
      Array.isArray(value) ? this.convertItems(value, at, "an object", (v, a) => this.asObject(v, a)) : undefined,
    );
  }
  wrong(key: string, need: string): CniError {
    return wrongKey(this.pathOf(key), need, this.value(key));
  }

  /** `convert` gives `undefined` for a value it cannot take. */
  private read<T>(key: string, need: string, convert: (value: Json) => T | undefined): T | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    const converted = convert(value);
    if (converted === undefined && !this.lenient) throw wrongKey(this.pathOf(key), need, value);
    return converted;
  }

  /** A list whose items must all convert; the error names the item. */
  private readList<T>(
    key: string,
    need: string,
    convert: (value: Json, path: string) => T | undefined,
  ): T[] | undefined {
    const items = this.read(key, "a list", (value) => (Array.isArray(value) ? value : undefined));
    return items === undefined ? undefined : this.convertItems(items, this.pathOf(key), need, convert);
  }

  private convertItems<T>(
    items: Json[],
    listPath: string,
    need: string,
    convert: (value: Json, path: string) => T | undefined,
  ): T[] {
    const converted: T[] = [];
    for (const [i, item] of items.entries()) {
      const itemPath = `${listPath}[${i}]`;
      const value = convert(item, itemPath);
      if (value !== undefined) converted.push(value);
      else if (!this.lenient) throw wrongKey(itemPath, need, item);
    }
    return converted;
  }

  private asObject(value: Json, at: string): Fields | undefined {
    return isObject(value) ? new ObjectFields(value, at, this.lenient) : undefined;
  }
}

/** `true`, `false`, or these words as text in any case, which the reference takes for a list's booleans. */
export function looseBool(value: Json): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  const word = value.toLowerCase();
  return word === "true" ? true : word === "false" ? false : undefined;
}

/** CniError 7 for a key whose value is of the wrong kind or out of its range. */
export function wrongKey(path: string, need: string, have: Json | undefined): CniError {
  return new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `key ${JSON.stringify(path)}: need ${need}, have ${show(have)}`);
}

function asString(value: Json): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function asBool(value: Json): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

function asInt(value: Json, range: IntRange = {}): number | undefined {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) return undefined;
  return value >= (range.min ?? value) && value <= (range.max ?? value) ? value : undefined;
}

function needInt(range: IntRange | undefined): string {
  if (range?.min !== undefined && range.max !== undefined) return `an integer from ${range.min} to ${range.max}`;
  if (range?.min !== undefined) return `an integer of at least ${range.min}`;
  if (range?.max !== undefined) return `an integer of at most ${range.max}`;
  return "an integer";
}
