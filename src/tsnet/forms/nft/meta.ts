import { type DataType, T } from "./types.ts";
import { plain, type Value } from "./value.ts";

/** Types of what `meta` loads, by its key. */
export const META: Readonly<Record<string, DataType>> = {
  len: T.hostInteger,
  protocol: T.etherType,
  priority: T.classId,
  mark: T.mark,
  iif: T.ifIndex,
  oif: T.ifIndex,
  iifname: T.ifName,
  oifname: T.ifName,
  iiftype: T.ifType,
  oiftype: T.ifType,
  skuid: T.uid,
  skgid: T.gid,
  nftrace: T.hostInteger,
  rtclassid: T.realm,
  nfproto: T.nfproto,
  l4proto: T.inetProto,
  ibrname: T.ifName,
  obrname: T.ifName,
  pkttype: T.pktType,
  cpu: T.hostInteger,
  iifgroup: T.devGroup,
  oifgroup: T.devGroup,
  cgroup: T.hostInteger,
  random: T.hostInteger,
  ipsec: T.boolean,
  iifkind: T.string,
  oifkind: T.string,
  ibrpvid: T.hostInteger,
  ibrvproto: T.etherType,
  time: T.date,
  day: T.day,
  hour: T.hostInteger,
  sdif: T.ifIndex,
  sdifname: T.ifName,
};

/** Bytes of what has no size of its own type. */
const SIZES: Readonly<Record<string, number>> = { nftrace: 1, ibrpvid: 2, iifkind: 16, oifkind: 16 };

const NAMES: Readonly<Record<string, string>> = { len: "length" };

export const metaForm = (key: string) => ({ meta: { key: NAMES[key] ?? key } });

export function metaValue(key: string | number | undefined): Value | undefined {
  const type = typeof key === "string" ? META[key] : undefined;
  if (typeof key !== "string" || !type) return undefined;
  const value = plain(metaForm(key), type, type.size || (SIZES[key] ?? 4));
  if (key === "nfproto") return { ...value, tells: "network" };
  if (key === "iiftype" || key === "oiftype") return { ...value, tells: "link" };
  if (key === "protocol") return { ...value, tells: "etherType" };
  return key === "l4proto" ? { ...value, tells: "transport" } : value;
}

/** Types of what `ct` loads. */
export const CT: Readonly<Record<string, DataType>> = {
  state: T.ctState,
  direction: T.ctDir,
  status: T.ctStatus,
  mark: T.mark,
  expiration: T.time,
  helper: T.string,
  l3proto: T.nfproto,
  protocol: T.inetProto,
  "proto-src": T.inetService,
  "proto-dst": T.inetService,
  packets: T.hostInteger,
  bytes: T.hostInteger,
  avgpkt: T.hostInteger,
  zone: T.hostInteger,
  id: T.hostInteger,
  "ip saddr": T.ipv4,
  "ip daddr": T.ipv4,
  "ip6 saddr": T.ipv6,
  "ip6 daddr": T.ipv6,
};

const CT_SIZES: Readonly<Record<string, number>> = { helper: 16, packets: 8, bytes: 8, avgpkt: 8, zone: 2 };

export const ctForm = (key: string, direction: string | number | undefined) => ({
  ct: direction === undefined ? { key } : { key, dir: direction },
});

export function ctValue(key: string | number | undefined, direction: string | number | undefined): Value | undefined {
  const type = typeof key === "string" ? CT[key] : undefined;
  if (typeof key !== "string" || !type) return undefined;
  return plain(ctForm(key, direction), type, type.size || (CT_SIZES[key] ?? 4));
}
