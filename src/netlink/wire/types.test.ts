/** The types that schemas infer, pinned: a change here breaks programs. Checked by tsc; at run time there is little to see. */
import { expect, test } from "bun:test";
import {
  attrs,
  be16,
  cstring,
  enumOf,
  flag,
  type Infer,
  type Input,
  list,
  type MessageInput,
  type MessageOf,
  merge,
  message,
  nested,
  pad,
  struct,
  tagged,
  type UnknownAttr,
  u8,
  u32,
  u64,
} from "./index.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Flat<T> = T extends object ? { [K in keyof T]: T[K] } : T;
type Same<A, B> = Equal<Flat<A>, Flat<B>>;

const header = struct({ family: u8, hole: pad(1), index: u32 });
const vxlan = attrs({ vni: [1, u32], port: [15, be16], gbp: [25, flag], range: [16, header] });
const info = tagged({ kind: 1, data: 2 }, { vxlan, bridge: attrs({ ageing: [1, u64] }) });
const newLink = message(
  [16, "RTM_NEWLINK"],
  header,
  attrs({
    name: [3, cstring],
    state: [16, enumOf(u8, { down: 0, up: 6 })],
    info: [18, nested(info)],
    hops: [9, list(1, u32)],
  }),
);
const slave = merge(info, tagged({ kind: 4, data: 5 }, { bridge: attrs({ cost: [3, u32] }) }, "slave"));

type Link = MessageOf<typeof newLink>;
type Info = Infer<typeof info>;
type Vxlan = Extract<Info, { kind: "vxlan" }>;

const checks: true[] = [
  true satisfies Same<
    Infer<typeof header>,
    { readonly family: number; readonly index: number; unknown?: Uint8Array | undefined }
  >,
  true satisfies Same<
    Input<typeof header>,
    { readonly family?: number | undefined; readonly index?: number | undefined; unknown?: Uint8Array | undefined }
  >,
  true satisfies Same<
    Infer<typeof vxlan>,
    {
      readonly vni?: number | undefined;
      readonly port?: number | undefined;
      readonly gbp?: true | undefined;
      readonly range?: Infer<typeof header> | undefined;
      unknown?: UnknownAttr[] | undefined;
    }
  >,
  true satisfies Equal<Info["kind"], "vxlan" | "bridge" | "unknown" | undefined>,
  true satisfies Equal<Vxlan["data"], Infer<typeof vxlan> | undefined>,
  true satisfies Equal<Link["attrs"]["state"], "down" | "up" | number | undefined>,
  true satisfies Equal<Link["attrs"]["hops"], number[] | undefined>,
  true satisfies Equal<Link["attrs"]["info"], Info | undefined>,
  true satisfies Equal<Infer<typeof slave>["slaveKind"], "bridge" | "unknown" | undefined>,
  true satisfies Equal<MessageInput<typeof newLink>["header"], Input<typeof header> | undefined>,
];

/** The kind narrows the data. */
const vniOf = (link: Link): number | undefined =>
  link.attrs.info?.kind === "vxlan" ? link.attrs.info.data?.vni : undefined;
const nameOf = (value: Info): string | undefined => (value.kind === "unknown" ? value.kindName : value.kind);

// Refused by the compiler, each for its own reason.
// @ts-expect-error a field that the schema does not have
const misspelt: MessageInput<typeof newLink> = { attrs: { nmae: "vx7" } };
// @ts-expect-error the data of another kind
const mixed: Input<typeof info> = { kind: "vxlan", data: { ageing: 1n } };
// @ts-expect-error a name that the enumeration does not have
const sideways: MessageInput<typeof newLink> = { attrs: { state: "sideways" } };
// @ts-expect-error a 64-bit number is a bigint
const narrow: Input<typeof info> = { kind: "bridge", data: { ageing: 1 } };

test("inferred types are those that are pinned", () => {
  expect(checks.every(Boolean)).toBe(true);
  const link = newLink.decode(newLink.encode({ attrs: { info: { kind: "vxlan", data: { vni: 7 } } } }));
  expect(vniOf(link)).toBe(7);
  expect(nameOf({ kind: "unknown", kindName: "team" })).toBe("team");
  for (const refused of [misspelt, mixed, sideways, narrow]) expect(refused).toBeObject();
});
