import type { AnyExpr } from "../../../netlink/nft/expr/all.ts";
import { type DataType, T } from "./types.ts";
import { plain, type Value } from "./value.ts";

type Exthdr = NonNullable<Extract<AnyExpr, { kind: "exthdr" }>["data"]>;

/** Fields of a header: name, offset and length in bytes. */
interface Header {
  readonly name: string;
  readonly fields: readonly (readonly [name: string, offset: number, length: number, type: DataType])[];
}

/** TCP options by their kind. */
const OPTIONS: Readonly<Record<number, Header>> = {
  2: { name: "maxseg", fields: [["size", 2, 2, T.integer]] },
  3: { name: "window", fields: [["count", 2, 1, T.integer]] },
  4: { name: "sack-perm", fields: [] },
  5: { name: "sack", fields: [] },
  8: {
    name: "timestamp",
    fields: [
      ["tsval", 2, 4, T.integer],
      ["tsecr", 6, 4, T.integer],
    ],
  },
};

const NEXT = ["nexthdr", 0, 1, T.inetProto] as const;
const LENGTH = ["hdrlength", 1, 1, T.integer] as const;

/** Extension headers of IPv6 by their protocol number. */
const HEADERS: Readonly<Record<number, Header>> = {
  0: { name: "hbh", fields: [NEXT, LENGTH] },
  43: { name: "rt", fields: [NEXT, LENGTH, ["type", 2, 1, T.integer], ["seg-left", 3, 1, T.integer]] },
  44: { name: "frag", fields: [NEXT, ["reserved", 1, 1, T.integer], ["id", 4, 4, T.integer]] },
  60: { name: "dst", fields: [NEXT, LENGTH] },
  135: { name: "mh", fields: [NEXT, LENGTH, ["type", 2, 1, T.integer], ["checksum", 4, 2, T.integer]] },
};

const PRESENT = 1;

/** `tcp option maxseg size`, `frag id`, or whether there is one. `undefined` for what is not known. */
export function exthdrValue(data: Exthdr): Value | undefined {
  const kind = data.op === "tcpopt" ? "tcp option" : "exthdr";
  const headers = data.op === "tcpopt" ? OPTIONS : data.op === "ipv6" || data.op === undefined ? HEADERS : {};
  const header = headers[data.type ?? -1];
  if (!header) return undefined;
  if (((data.flags ?? 0) & PRESENT) !== 0) return plain({ [kind]: { name: header.name } }, T.boolean);
  const field = header.fields.find(([, offset, length]) => offset === data.offset && length === data.len);
  return field && plain({ [kind]: { name: header.name, field: field[0] } }, field[3], field[2]);
}
