import { type AttrFields, align4, type Codec, type Shape, type TagGroup } from "../codec.ts";
import { type Message, NLMSG_HEADER } from "../message.ts";

/** Where a field stands in an encoded message. */
export interface FieldPlace {
  readonly offset: number;
  /** `attrs.linkInfo.data.vni` */
  readonly path: string;
  /** The attributes it may hold, when it is a nest. */
  readonly nest?: readonly (readonly [key: string, type: number])[];
}

/** Every attribute of a message: where its header ends up, and its end without and with padding. Top level only. */
export interface AttrSpan {
  readonly header: number;
  readonly end: number;
  readonly next: number;
}

export const bodyOf = (message: Message): number => NLMSG_HEADER + align4(message.header.size ?? 0);

/**
 * All fields of an encoded message, found by going forward through its bytes with nothing but the schema's `shape`: a
 * second opinion on `locate` and `missing`.
 */
export function fieldPlaces(message: Message, bytes: Uint8Array): FieldPlace[] {
  const walker = new Places(bytes);
  walker.visit(message.header, NLMSG_HEADER, bodyOf(message), ["header"]);
  walker.visit(message.attrs, bodyOf(message), bytes.length, ["attrs"]);
  return walker.found;
}

export function* spans(bytes: Uint8Array, start: number, end: number): Generator<AttrSpan & { type: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = start; at + 4 <= end; ) {
    const length = view.getUint16(at, true);
    if (length < 4) throw new Error(`attribute at ${at}: length ${length}`);
    const next = at + align4(length);
    yield { header: at, end: at + length, next, type: view.getUint16(at + 2, true) & 0x3fff };
    at = next;
  }
}

class Places {
  readonly found: FieldPlace[] = [];
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  visit(codec: Codec<unknown, never>, start: number, end: number, path: readonly string[]): void {
    const shape: Shape = codec.shape;
    if (shape.kind === "struct" && codec.locate) {
      let at = start;
      for (const [key, part] of Object.entries(shape.fields)) {
        if (at >= end) return;
        if (part.shape.kind === "struct") this.visit(part, at, end, [...path, key]);
        else this.found.push({ offset: at, path: [...path, key].join(".") });
        at += part.size ?? 0;
      }
    } else if (shape.kind === "headed") {
      const body = start + align4(shape.header.size ?? 0);
      this.visit(shape.header, start, body, [...path, "header"]);
      this.visit(shape.attrs, body, end, [...path, "attrs"]);
    } else if (shape.kind === "list") {
      let count = 0;
      for (const span of spans(this.bytes, start, end))
        if (shape.step === 1 || span.type === shape.first) this.attribute(span, shape.of, [...path, String(count++)]);
    } else if (shape.kind === "attrs") {
      const kinds = shape.groups.map((group) => this.kindOf(group, start, end));
      for (const span of spans(this.bytes, start, end)) {
        const [key, below] = named(shape.fields, shape.groups, kinds, span.type);
        this.attribute(span, below, [...path, key]);
      }
    }
  }

  private attribute(span: AttrSpan, codec: Codec<unknown, never> | undefined, path: readonly string[]): void {
    this.found.push({ offset: span.header, path: path.join("."), ...nestOf(codec) });
    if (codec) this.visit(codec, span.header + 4, span.end, path);
  }

  private kindOf(group: TagGroup, start: number, end: number): string | undefined {
    let kind: string | undefined;
    for (const span of spans(this.bytes, start, end))
      if (span.type === group.kindType)
        kind = Buffer.from(this.bytes.subarray(span.header + 4, span.end - 1)).toString();
    return kind;
  }
}

function named(
  fields: AttrFields,
  groups: readonly TagGroup[],
  kinds: readonly (string | undefined)[],
  type: number,
): [string, Codec<unknown, never> | undefined] {
  for (const [key, [fieldType, codec]] of Object.entries(fields)) if (type === fieldType) return [key, codec];
  for (const [i, group] of groups.entries()) {
    if (type === group.kindType) return [group.kindKey, undefined];
    const kind = kinds[i];
    if (type === group.dataType && kind !== undefined)
      return [group.dataKey, Object.hasOwn(group.variants, kind) ? group.variants[kind] : undefined];
  }
  return [`attribute ${type}`, undefined];
}

export function nestOf(codec: Codec<unknown, never> | undefined): Pick<FieldPlace, "nest"> {
  if (codec?.shape.kind === "headed") {
    const { nest } = nestOf(codec.shape.attrs);
    return nest ? { nest: nest.map(([key, type]) => [`attrs.${key}`, type]) } : {};
  }
  if (codec?.shape.kind !== "attrs") return {};
  return {
    nest: [
      ...Object.entries(codec.shape.fields).map(([key, [type]]) => [key, type] as const),
      ...codec.shape.groups.map((g) => [g.kindKey, g.kindType] as const),
    ],
  };
}
