import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { align4, DecodeError, EncodeError, type Shape } from "../codec.ts";
import { type Message, NLMSG_HEADER } from "../message.ts";
import { type DrawOptions, knownTypes, messagesOf } from "./draw.ts";
import { bodyOf, fieldPlaces, nestOf, spans } from "./places.ts";
import { refusals } from "./refusals.ts";

export interface SchemaOptions extends DrawOptions {
  /** Random messages per property. */
  readonly runs?: number;
}

/** Declares the tests that hold for every schema: `checkSchemaProperties(newLink)`, at the top level of a test file. */
export function checkSchemaProperties(message: Message, options: SchemaOptions = {}): void {
  const runs = { numRuns: options.runs ?? 50 };
  const values = messagesOf(message, options);
  const encoded = values.map((value) => message.encode(value));

  describe(`every ${message.name}`, () => {
    test("is read as it was written, and written as it was read", () => {
      const property = fc.property(values, (value) => {
        const bytes = message.encode(value);
        const back = message.decode(bytes);
        expect(back).toEqual(value);
        expect(message.encode(back)).toEqual(bytes);
      });
      fc.assert(property, runs);
    });

    test("that is cut short is refused, or whole without its last attributes", () => {
      fc.assert(
        fc.property(encoded, (bytes) => checkCuts(message, bytes)),
        { numRuns: Math.min(runs.numRuns, 20) },
      );
    });

    test("of random bytes is read or refused, and what was read survives", () => {
      const property = fc.property(damaged(message, encoded), (bytes) => checkRead(message, bytes));
      fc.assert(property, { numRuns: 4 * runs.numRuns });
    });

    test("keeps an unknown attribute and one that stands twice", () => {
      const property = fc.property(encoded, strangerOf(message), fc.nat(), fc.nat(), (bytes, stranger, from, to) => {
        const all = [...spans(bytes, bodyOf(message), bytes.length)];
        const twin = all[from % Math.max(all.length, 1)];
        for (const added of [stranger, ...(twin ? [bytes.subarray(twin.header, twin.next)] : [])]) {
          const at = all[to % (all.length + 1)]?.header ?? bytes.length;
          const longer = withLength(Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]));
          expect(message.encode(message.decode(longer))).toEqual(longer);
        }
      });
      fc.assert(property, runs);
    });

    test("with a value out of range is refused, and the field named", () => {
      for (const { path, bad, value } of refusals(message)) {
        const error = thrownBy(() => message.encode(value as never));
        expect({ path, bad, error }).toEqual({ path, bad, error: expect.any(EncodeError) });
        expect({ bad, path: (error as EncodeError).path.join(".") }).toEqual({ bad, path });
      }
    });

    test("says which field stands at a byte, and which is missing from a nest", () => {
      const property = fc.property(encoded, (bytes) => {
        for (const { offset, path, nest } of fieldPlaces(message, bytes)) {
          expect(message.locate(bytes, offset)).toBe(path);
          for (const [key, type] of nest ?? []) expect(message.missing(bytes, offset, type)).toBe(`${path}.${key}`);
        }
        for (const [key, type] of nestOf(message.attrs).nest ?? [])
          expect(message.missing(bytes, undefined, type)).toBe(`attrs.${key}`);
      });
      fc.assert(property, runs);
    });

    test("has one name for each type of attribute", () => {
      expect(sharedTypes(message.attrs.shape, "attrs")).toEqual([]);
    });
  });
}

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Puts the right length into the nlmsghdr. */
function withLength(bytes: Buffer): Uint8Array {
  bytes.writeUInt32LE(bytes.length, 0);
  return new Uint8Array(bytes);
}

function checkCuts(message: Message, bytes: Uint8Array): void {
  const attributes = [...spans(bytes, bodyOf(message), bytes.length)];
  const headerEnd = NLMSG_HEADER + (message.header.size ?? 0);
  for (let length = 0; length < bytes.length; length++) {
    const whole = attributes.findLast((span) => span.end <= length)?.next ?? bodyOf(message);
    const rest = bytes.subarray(whole, length);
    // A few zeros behind the last attribute are padding.
    const readable = length >= headerEnd && rest.length < 4 && rest.every((b) => b === 0);
    const error = thrownBy(() => message.decode(bytes.subarray(0, length)));
    expect({ length, error }).toEqual({ length, error: readable ? undefined : expect.any(DecodeError) });
  }
}

/** Random bytes behind a good header, and good messages in which some bytes were changed. */
function damaged(message: Message, encoded: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });
  const changed = fc.tuple(encoded, changes).map(([bytes, all]) => {
    const out = bytes.slice();
    for (const [at, byte] of all) out[at % out.length] = byte;
    return out;
  });
  const noise = fc.uint8Array({ maxLength: 96 }).map((bytes) => {
    const out = new Uint8Array(bodyOf(message) + bytes.length);
    out.set(bytes, bodyOf(message));
    return out;
  });
  return fc.oneof({ weight: 3, arbitrary: changed }, { weight: 1, arbitrary: noise });
}

function checkRead(message: Message, bytes: Uint8Array): void {
  let value: ReturnType<Message["decode"]>;
  try {
    value = message.decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError);
    return;
  }
  let again: Uint8Array;
  try {
    again = message.encode(value);
  } catch (error) {
    // Text that fills its field to the last byte, or is no UTF-8 and grows when replaced.
    expect(error).toBeInstanceOf(EncodeError);
    return;
  }
  expect(message.decode(again)).toEqual(value);
}

/** An encoded attribute of a type that the schema does not know. */
function strangerOf(message: Message): fc.Arbitrary<Uint8Array> {
  const shape: Shape = message.attrs.shape;
  const known = shape.kind === "attrs" ? knownTypes(shape) : [];
  return fc
    .tuple(
      fc.integer({ min: 1, max: 0x3fff }).filter((type) => !known.includes(type)),
      fc.constantFrom(0, 0x8000),
      fc.uint8Array({ maxLength: 9 }),
    )
    .map(([type, flags, data]) => {
      const out = Buffer.alloc(align4(4 + data.length));
      out.writeUInt16LE(4 + data.length, 0);
      out.writeUInt16LE(type | flags, 2);
      out.set(data, 4);
      return out;
    });
}

/** Types that two fields of one list share, as paths. */
function sharedTypes(shape: Shape, path: string): string[] {
  if (shape.kind === "list") return sharedTypes(shape.of.shape, `${path}.0`);
  if (shape.kind === "headed") return sharedTypes(shape.attrs.shape, `${path}.attrs`);
  if (shape.kind !== "attrs") return [];
  const types = knownTypes(shape);
  const shared = types.filter((type, i) => types.indexOf(type) !== i).map((type) => `${path}: type ${type}`);
  const below = [
    ...Object.entries(shape.fields).map(([key, [, codec]]) => [key, codec] as const),
    ...shape.groups.flatMap((g) => Object.entries(g.variants)),
  ];
  return [...shared, ...below.flatMap(([key, codec]) => sharedTypes(codec.shape, `${path}.${key}`))];
}
