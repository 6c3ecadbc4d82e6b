/** The types that the schemas infer, pinned: a change here breaks programs. Checked by tsc; at run time there is little to see. */
import { expect, test } from "bun:test";
import type { Infer, UnknownAttr } from "../wire/index.ts";
import type { newAddr } from "./addr.ts";
import type { NewLink } from "./link.ts";
import type { LinkInfo, LinkKind } from "./link-info.ts";
import type { Nexthop } from "./nexthop.ts";
import type { RouteAttrs } from "./route.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Vxlan = NonNullable<Extract<LinkInfo, { kind: "vxlan" }>["data"]>;
type Peer = NonNullable<NonNullable<Extract<LinkInfo, { kind: "veth" }>["data"]>["peer"]>;
type OperState = "unknown" | "notPresent" | "down" | "lowerLayerDown" | "testing" | "dormant" | "up" | number;

const checks: true[] = [
  true satisfies Equal<NewLink["header"]["index"], number>,
  true satisfies Equal<NewLink["attrs"]["ifname"], string | undefined>,
  true satisfies Equal<NewLink["attrs"]["operstate"], OperState | undefined>,
  true satisfies Equal<NewLink["attrs"]["unknown"], UnknownAttr[] | undefined>,
  true satisfies Equal<Vxlan["vni"], number | undefined>,
  true satisfies Equal<Vxlan["gbp"], true | undefined>,
  true satisfies Equal<NonNullable<Vxlan["portRange"]>["low"], number>,
  true satisfies Equal<Peer["attrs"]["netNsFd"], number | undefined>,
  true satisfies Equal<Peer["header"]["flags"], number>,
  true satisfies Equal<Infer<typeof newAddr.attrs>["local"], string | undefined>,
  true satisfies Equal<RouteAttrs["multipath"], Nexthop[] | undefined>,
  true satisfies Equal<NonNullable<RouteAttrs["metrics"]>["ccAlgo"], string | undefined>,
];

/** The kind decides what `data` is. */
export const vniOf = (info: LinkInfo): number | undefined => (info.kind === "vxlan" ? info.data?.vni : undefined);

test("a link's kind narrows its data", () => {
  expect(checks.every(Boolean)).toBe(true);
  expect(vniOf({ kind: "vxlan", data: { vni: 7 } })).toBe(7);
  const stranger: LinkKind = { kind: "unknown", kindName: "wireguard", data: new Uint8Array(4) };
  expect(stranger.kindName).toBe("wireguard");
  // @ts-expect-error a bridge has no VNI
  const wrong: LinkKind = { kind: "bridge", data: { vni: 7 } };
  expect(wrong.kind).toBe("bridge");
});
