import {
  attrs,
  be16,
  be32,
  bytes,
  type Codec,
  cstring,
  DecodeError,
  type Infer,
  type Input,
  pad,
  s16,
  s32,
  struct,
  u8,
  u16,
  u32,
  within,
} from "../wire/index.ts";
import { actions, redirectTo } from "./action.ts";
import { TC_U32, TCA_U32 } from "./u32.const.ts";

/** `struct tc_u32_key`: the 32 bits at `off` from the network header, masked, are compared with `value`. */
const key = struct({ mask: be32, value: be32, off: s32, offMask: s32 });
const KEY = 16;

/** `struct tc_u32_sel` up to its keys; their number stands in the third byte. */
const head = struct({
  flags: u8,
  offShift: u8,
  keyCount: u8,
  pad: pad(1),
  offMask: be16,
  off: u16,
  offOff: s16,
  hashOff: s16,
  hashMask: be32,
});
const HEAD = 16;

export type Selector = Omit<Infer<typeof head>, "keyCount" | "unknown"> & { keys: Infer<typeof key>[] };
export type SelectorInput = Omit<Input<typeof head>, "keyCount" | "unknown"> & { keys?: Input<typeof key>[] };

/** `struct tc_u32_sel` with its keys. */
export const selector: Codec<Selector, SelectorInput> = {
  size: undefined,
  shape: { kind: "custom" },
  read(src, start, end) {
    if (end - start < HEAD) throw new DecodeError(`need ${HEAD} bytes, have ${end - start}`);
    const { keyCount, ...rest } = head.read(src, start, start + HEAD);
    if (end - start !== HEAD + keyCount * KEY)
      throw new DecodeError(`${keyCount} keys need ${HEAD + keyCount * KEY} bytes, have ${end - start}`);
    const at = (i: number): number => start + HEAD + i * KEY;
    return { ...rest, keys: Array.from({ length: keyCount }, (_, i) => key.read(src, at(i), at(i + 1))) };
  },
  write(sink, { keys = [], ...rest }) {
    head.write(sink, { ...rest, keyCount: keys.length });
    for (const [i, each] of keys.entries()) within(`keys.${i}`, () => key.write(sink, each));
  },
};

/** Filter on any bits of a packet, tc-u32(8). */
export const u32Filter = attrs({
  classId: [TCA_U32.CLASSID, u32],
  hash: [TCA_U32.HASH, u32],
  link: [TCA_U32.LINK, u32],
  divisor: [TCA_U32.DIVISOR, u32],
  selector: [TCA_U32.SEL, selector],
  police: [TCA_U32.POLICE, bytes],
  actions: [TCA_U32.ACT, actions],
  inDev: [TCA_U32.INDEV, cstring],
  counters: [TCA_U32.PCNT, bytes],
  mark: [TCA_U32.MARK, struct({ value: u32, mask: u32, success: u32 })],
  flags: [TCA_U32.FLAGS, u32],
});

/** Redirects every packet. Equivalent: `tc filter add … u32 match u32 0 0 action mirred egress redirect dev IF`. */
export const redirectAll = (ifindex: number): Input<typeof u32Filter> => ({
  selector: { flags: TC_U32.TERMINAL, keys: [{ mask: 0, value: 0, off: 0 }] },
  actions: [redirectTo(ifindex)],
});
