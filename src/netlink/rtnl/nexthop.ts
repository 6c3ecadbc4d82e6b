import {
  align4,
  attrs,
  bytes,
  type Codec,
  DecodeError,
  type Infer,
  type Input,
  ip,
  struct,
  u8,
  u16,
  u32,
  within,
} from "../wire/index.ts";
import { AF } from "./constants.ts";
import { RTA } from "./route.const.ts";

export interface Via {
  readonly family: number;
  /** As text for IPv4 and IPv6, bytes for others. */
  readonly address: string | Uint8Array;
}

/** `struct rtvia`: a family, then its address. */
export const via: Codec<Via> = {
  size: undefined,
  shape: { kind: "custom" },
  read(src, start, end) {
    const family = u16.read(src, start, end);
    const length = end - start - 2;
    const known = (family === AF.INET && length === 4) || (family === AF.INET6 && length === 16);
    return { family, address: (known ? ip : bytes).read(src, start + 2, end) };
  },
  write(sink, value) {
    u16.write(sink, value.family);
    if (typeof value.address === "string") ip.write(sink, value.address);
    else bytes.write(sink, value.address);
  },
};

const nexthopAttrs = attrs({
  gateway: [RTA.GATEWAY, ip],
  via: [RTA.VIA, via],
  flow: [RTA.FLOW, u32],
  encapType: [RTA.ENCAP_TYPE, u16],
  encap: [RTA.ENCAP, bytes],
});

/** `struct rtnexthop` without its length, then attributes. */
const head = struct({ flags: u8, hops: u8, index: u32 });
const HEAD = 8;

export type Nexthop = Infer<typeof head> & { attrs: Infer<typeof nexthopAttrs> };
export type NexthopInput = Input<typeof head> & { attrs?: Input<typeof nexthopAttrs> | undefined };

/**
 * RTA_MULTIPATH: `struct rtnexthop` after `struct rtnexthop`, each with its length and attributes. `hops` is the weight
 * less one, `flags` RTNH_F_*.
 */
export const multipath: Codec<Nexthop[], NexthopInput[]> = {
  size: undefined,
  shape: { kind: "custom" },
  read(src, start, end) {
    const hops: Nexthop[] = [];
    for (let at = start; at < end; ) {
      const length = u16.read(src, at, end);
      if (length < HEAD || length > end - at)
        throw new DecodeError(`nexthop ${hops.length}: length ${length} is outside ${HEAD}..${end - at}`);
      const attrs = within(`${hops.length}.attrs`, () => nexthopAttrs.read(src, at + HEAD, at + length));
      hops.push({ ...head.read(src, at + 2, at + HEAD), attrs });
      at += align4(length);
    }
    return hops;
  },
  write(sink, hops) {
    for (const [i, { attrs: value, ...fields }] of hops.entries()) {
      const at = sink.take(2);
      within(String(i), () => head.write(sink, fields));
      within(`${i}.attrs`, () => nexthopAttrs.write(sink, value ?? {}));
      sink.view.setUint16(at, sink.length - at, true);
      sink.align();
    }
  },
  locate(src, start, end, offset) {
    let at = start;
    for (let i = 0; at + HEAD <= end; i++) {
      const next = at + Math.max(HEAD, align4(u16.read(src, at, end)));
      if (offset < at + HEAD) return [String(i), ...(head.locate?.(src, at + 2, at + HEAD, offset) ?? [])];
      if (offset < next)
        return [String(i), "attrs", ...(nexthopAttrs.locate?.(src, at + HEAD, Math.min(next, end), offset) ?? [])];
      at = next;
    }
    return [];
  },
};
