import {
  attrs,
  be32,
  be64,
  bytes,
  type Codec,
  cstring,
  EncodeError,
  enumOf,
  type Infer,
  list,
  message,
  nested,
  picked,
} from "../wire/index.ts";
import { NFTA_CHAIN, NFTA_DEVICE, NFTA_HOOK } from "./constants.ts";
import { counter } from "./expr/counter.ts";
import { nfgenmsg, nftType } from "./header.ts";

/** A signed number in network order. */
const be32s: Codec<number> = {
  size: 4,
  shape: { kind: "int", bits: 32 },
  read: (src, start, end) => be32.read(src, start, end) | 0,
  write(sink, value) {
    if (value !== (value | 0)) throw new EncodeError(`${value} is not a signed 32-bit integer`);
    be32.write(sink, value >>> 0);
  },
};

const hook = attrs({
  /** NF_INET_*, of the table's family. */
  hooknum: [NFTA_HOOK.HOOKNUM, be32],
  /** Lower runs earlier: -300 raw, -200 conntrack, -100 dstnat, 0 filter, 100 srcnat. */
  priority: [NFTA_HOOK.PRIORITY, be32s],
  dev: [NFTA_HOOK.DEV, cstring],
  devs: [NFTA_HOOK.DEVS, nested(list(NFTA_DEVICE.NAME, cstring))],
});

const chain = attrs({
  table: [NFTA_CHAIN.TABLE, cstring],
  handle: [NFTA_CHAIN.HANDLE, be64],
  name: [NFTA_CHAIN.NAME, cstring],
  hook: [NFTA_CHAIN.HOOK, nested(hook)], // base chains only
  policy: [NFTA_CHAIN.POLICY, enumOf(be32, { drop: 0, accept: 1 })],
  use: [NFTA_CHAIN.USE, be32], // its rules, and the jumps to it
  type: [NFTA_CHAIN.TYPE, cstring],
  counters: [NFTA_CHAIN.COUNTERS, nested(counter)],
  pad: [NFTA_CHAIN.PAD, bytes],
  flags: [NFTA_CHAIN.FLAGS, be32],
  id: [NFTA_CHAIN.ID, be32],
  userdata: [NFTA_CHAIN.USERDATA, bytes],
});

export const newChain = message(nftType("NEWCHAIN"), nfgenmsg, chain);
/** A chain without what packets meet in it: reading all takes three times as long. */
export const chainHead = message(
  nftType("NEWCHAIN"),
  nfgenmsg,
  picked({
    name: [NFTA_CHAIN.NAME, cstring],
    use: [NFTA_CHAIN.USE, be32],
    userdata: [NFTA_CHAIN.USERDATA, bytes],
  }),
);
export type NftChainHead = Pick<NftChain, "name" | "use" | "userdata">;
export const getChain = message(nftType("GETCHAIN"), nfgenmsg, chain);
export const delChain = message(nftType("DELCHAIN"), nfgenmsg, chain);
export type NftChain = Infer<typeof chain>;
