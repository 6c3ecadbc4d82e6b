import {
  commentEntry,
  NFT_DATA,
  NFT_OBJECT,
  NFT_SET,
  type NftSet,
  TYPE,
  UDATA,
  userData,
} from "../../netlink/nft/index.ts";

/** The one table that is ours. Nothing else in the rule set is touched. */
export const TABLE = { family: "inet", table: "tsnet" } as const;

type Type = "ipv4_addr" | "ipv6_addr" | "ether_addr" | "ifname" | "inet_proto" | "inet_service";

const TYPES: Readonly<Record<Type, { number: number; bytes: number }>> = {
  ipv4_addr: { number: TYPE.IPADDR, bytes: 4 },
  ipv6_addr: { number: TYPE.IP6ADDR, bytes: 16 },
  ether_addr: { number: TYPE.ETHERADDR, bytes: 6 },
  ifname: { number: TYPE.IFNAME, bytes: 16 },
  inet_proto: { number: TYPE.INET_PROTOCOL, bytes: 1 },
  inet_service: { number: TYPE.INET_SERVICE, bytes: 2 },
};

/** Says to `nft` that a type is a concatenation; the parts follow from the type's number. */
const CONCATENATION = Uint8Array.of(0, 4, 13, 0, 0, 0, 1, 0);
/** Byte order of a single value: 1 is the host's (names), 2 big endian. A concatenation has none. */
const byteOrder = (types: readonly Type[]): Uint8Array =>
  Uint8Array.of(types.length > 1 ? 0 : types[0] === "ifname" ? 1 : 2, 0, 0, 0);

const typeNumber = (types: readonly Type[]): number => types.reduce((n, t) => (n << 6) | TYPES[t].number, 0);
/** Each part of a concatenation is padded to four bytes, a value alone is not. */
const typeBytes = (types: readonly Type[]): number => {
  const sizes = types.map((type) => TYPES[type].bytes);
  return sizes.length === 1 ? (sizes[0] ?? 0) : sizes.reduce((n, bytes) => n + ((bytes + 3) & ~3), 0);
};

/** A set without its table and its number in the batch. */
export type SetSpec = Omit<NftSet, "table" | "id"> & { readonly name: string };

/** A hash map from single keys to named counters, as `nft` itself declares it. */
export const declareCounters = (name: string, key: readonly Type[], comment: string): SetSpec => ({
  ...declareSet(name, key, undefined, comment),
  flags: NFT_SET.OBJECT,
  objType: NFT_OBJECT.COUNTER,
});

/** A hash set or map with single keys, as `nft` itself declares it. */
export function declareSet(
  name: string,
  key: readonly Type[],
  data: readonly Type[] | "verdict" | undefined,
  comment: string,
): SetSpec {
  const values = Array.isArray(data) ? (data as readonly Type[]) : undefined;
  const entries = [
    { type: UDATA.SET_KEYBYTEORDER, data: byteOrder(key) },
    ...(data === undefined
      ? []
      : [{ type: UDATA.SET_DATABYTEORDER, data: values ? byteOrder(values) : new Uint8Array(4) }]),
    ...(key.length > 1 ? [{ type: UDATA.SET_KEY_TYPEOF, data: CONCATENATION }] : []),
    ...(values && values.length > 1 ? [{ type: UDATA.SET_DATA_TYPEOF, data: CONCATENATION }] : []),
    ...(data === undefined ? [] : [{ type: UDATA.SET_DATA_INTERVAL, data: new Uint8Array(4) }]),
    commentEntry(comment, UDATA.SET_COMMENT),
  ];
  return {
    name,
    flags: data === undefined ? 0 : NFT_SET.MAP,
    keyType: typeNumber(key),
    keyLen: typeBytes(key),
    ...(data !== undefined && {
      dataType: values ? typeNumber(values) : NFT_DATA.VERDICT,
      dataLen: values ? typeBytes(values) : 0,
    }),
    userdata: userData(entries),
  };
}
