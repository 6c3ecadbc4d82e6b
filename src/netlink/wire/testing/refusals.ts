import type { Codec, Shape } from "../codec.ts";
import type { Message } from "../message.ts";

/** A message that must not be written, and the field at fault. */
export interface Refusal {
  readonly path: string;
  readonly bad: unknown;
  readonly value: unknown;
}

/** For every scalar of a schema, the values just outside its range, each inside an otherwise minimal message. */
export function* refusals(message: Message): Generator<Refusal> {
  yield* below(message.header, ["header"], (header) => ({ header }));
  yield* below(message.attrs, ["attrs"], (attrs) => ({ attrs }));
}

type Wrap = (value: unknown) => unknown;

function* below(codec: Codec<unknown, never>, path: readonly string[], wrap: Wrap): Generator<Refusal> {
  const shape: Shape = codec.shape;
  for (const bad of outside(shape)) yield { path: path.join("."), bad, value: wrap(bad) };
  switch (shape.kind) {
    case "struct": {
      const before: Record<string, unknown> = {};
      for (const [key, part] of Object.entries(shape.fields)) {
        const earlier = { ...before };
        yield* below(part, [...path, key], (v) => wrap({ ...earlier, [key]: v }));
        // A structure that has grown is written up to its first absent field.
        if (shape.growing) before[key] = part.shape.kind === "bigint" ? 0n : 0;
      }
      return;
    }
    case "headed":
      yield* below(shape.header, [...path, "header"], (header) => wrap({ header }));
      yield* below(shape.attrs, [...path, "attrs"], (attrs) => wrap({ attrs }));
      return;
    case "list":
      yield* below(shape.of, [...path, "0"], (v) => wrap([v]));
      return;
    case "attrs":
      for (const [key, [, part]] of Object.entries(shape.fields))
        yield* below(part, [...path, key], (v) => wrap({ [key]: v }));
      for (const { kindKey, dataKey, variants } of shape.groups)
        for (const [kind, part] of Object.entries(variants))
          yield* below(part, [...path, dataKey], (v) => wrap({ [kindKey]: kind, [dataKey]: v }));
  }
}

function outside(shape: Shape): unknown[] {
  switch (shape.kind) {
    case "uint":
      return [-1, 2 ** shape.bits, 0.5, Number.NaN];
    case "int":
      return [-(2 ** (shape.bits - 1)) - 1, 2 ** (shape.bits - 1), 0.5];
    case "bigint":
      return shape.signed ? [2n ** 63n, -(2n ** 63n) - 1n] : [-1n, 2n ** 64n];
    case "enum":
      return ["no such name", "constructor", 2 ** shape.bits, -(2 ** shape.bits)];
    case "string":
      return ["a\0b", "\ud800", ...(shape.size === undefined ? [] : ["x".repeat(shape.size)])];
    case "bytes":
      return shape.size === undefined ? [] : [new Uint8Array(shape.size + 1), new Uint8Array(shape.size - 1)];
    case "ipv4":
      return ["10.0.0.256", "::1", ""];
    case "ipv6":
      return ["::g", "10.0.0.1", ""];
    case "ip":
      return ["10.0.0", "localhost", ""];
    case "mac":
      return ["02:00:00:00:00:0", "zz:00:00:00:00:00"];
    default:
      return [];
  }
}
