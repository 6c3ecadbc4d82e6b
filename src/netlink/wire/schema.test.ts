import {
  attrs,
  be16,
  be32,
  be64,
  bytes,
  cstring,
  enumOf,
  fixedBytes,
  fixedString,
  flag,
  indexed,
  ip,
  ipv4,
  ipv6,
  list,
  mac,
  merge,
  message,
  nested,
  pad,
  s8,
  s16,
  s32,
  s64,
  struct,
  tagged,
  u8,
  u16,
  u32,
  u64,
} from "./index.ts";
import { checkSchemaProperties } from "./testing/properties.ts";

const header = struct({ family: u8, hole: pad(1), type: u16, inner: struct({ low: be16, high: s16 }), index: s32 });

const scalars = attrs({
  u8: [1, u8],
  u16: [2, u16],
  u32: [3, u32],
  u64: [4, u64],
  s8: [5, s8],
  s16: [6, s16],
  s32: [7, s32],
  s64: [8, s64],
  be16: [9, be16],
  be32: [10, be32],
  be64: [11, be64],
  state: [12, enumOf(u8, { down: 0, up: 1, alsoUp: 1, far: 255 })],
  signedState: [13, enumOf(s32, { none: -1, some: 1 })],
  name: [14, cstring],
  short: [15, fixedString(8)],
  blob: [16, bytes],
  key: [17, fixedBytes(5)],
  on: [18, flag],
  v4: [19, ipv4],
  v6: [20, ipv6],
  any: [21, ip],
  mac: [22, mac],
});

checkSchemaProperties(message([1, "SCALARS"], header, scalars));

const vxlan = attrs({
  vni: [1, u32],
  port: [15, be16],
  range: [16, struct({ low: be16, high: be16 })],
  gbp: [25, flag],
});
const linkInfo = merge(
  tagged({ kind: 1, data: 2 }, { vxlan, bridge: attrs({ ageing: [2, u32] }), stats: struct({ a: u64, b: u8 }) }),
  tagged({ kind: 4, data: 5 }, { bridge: attrs({ cost: [3, u32] }) }, "slave"),
);

checkSchemaProperties(
  message([2, "NESTS"], struct({ length: u16 }), attrs({ linkInfo: [18, linkInfo], next: [19, nested(linkInfo)] })),
);

const expression = tagged(
  { kind: 1, data: 2 },
  { cmp: nested(attrs({ op: [2, be32], data: [3, nested(attrs({ value: [1, bytes] }))] })) },
);

checkSchemaProperties(
  message(
    [3, "LISTS"],
    struct({}),
    attrs({
      expressions: [4, nested(list(1, nested(expression)))],
      actions: [5, indexed(1, attrs({ kind: [1, cstring], hops: [2, list(7, u32)] }))],
    }),
  ),
);

checkSchemaProperties(message([4, "TAGGED"], struct({ table: u8 }), merge(linkInfo, attrs({ mtu: [9, u32] }))));
