import type { Form } from "../names.ts";
import type { Field } from "./payload.ts";
import { type DataType, T } from "./types.ts";

/** What stands in a register: where it was loaded from, and what was done to it since. */
export interface Value {
  /** As `nft -j` writes the expression. */
  readonly form: unknown;
  readonly type: DataType;
  /** Bytes in the register. */
  readonly length: number;
  /** Order of bytes in the register. */
  readonly network: boolean;
  /** A constant, which only its destination gives a type. */
  readonly constant?: Uint8Array;
  /** Data of a map that is several values side by side. */
  readonly parts?: readonly DataType[];
  /** Part of a header whose field is known only with its mask. */
  readonly raw?: { readonly protocol: string | undefined; readonly offset: number };
  /** Several fields loaded in one go. */
  readonly fields?: readonly Field[];
  /** Part of a header with some bits changed: how a field is set that is no whole number of bytes to the kernel. */
  readonly edit?: {
    readonly raw: { readonly protocol: string | undefined; readonly offset: number };
    readonly mask: bigint;
    readonly xor: bigint;
    readonly bits: number;
  };
  /** Masked to its first bits. */
  readonly prefixBits?: number;
  /** Masked flags. */
  readonly mask?: Uint8Array;
  /** A field narrower than its bytes: how far to the left it stands. */
  readonly shift?: number;
  /** Comparing it for equality says which header comes next. */
  readonly tells?: "link" | "network" | "etherType" | "transport";
}

export const plain = (form: unknown, type: DataType, length = type.size): Value => ({
  form,
  type,
  length,
  network: type.network,
});

export const unknownForm = (kind: string): Form => ({ unknown: kind });
export const unknownValue = (kind: string): Value => plain(unknownForm(kind), T.integer, 4);

/** Registers by their first byte: NFT_REG_1..4 are 16 bytes each, NFT_REG32_00.. four, over the same memory. */
export class Registers {
  readonly #values = new Map<number, Value>();

  static at(register: number): number {
    return register >= 8 ? (register - 8) * 4 : (register - 1) * 16;
  }

  set(register: number | undefined, value: Value): void {
    const start = Registers.at(register ?? 1);
    // What stood under it is gone.
    for (let at = start + 4; at < start + value.length; at += 4) this.#values.delete(at);
    this.#values.set(start, value);
  }

  get(register: number | undefined): Value | undefined {
    return this.#values.get(Registers.at(register ?? 1));
  }

  /** The values that fill `length` bytes from a register on: one, or the parts of a concatenation. */
  run(register: number | undefined, length: number): Value[] {
    const found: Value[] = [];
    const start = Registers.at(register ?? 1);
    for (let at = start; at < start + length; ) {
      const value = this.#values.get(at);
      if (!value) break;
      found.push(value);
      at += Math.max(4, Math.ceil(value.length / 4) * 4);
    }
    return found;
  }
}
