import type { Expr } from "../../netlink/nft/index.ts";
import {
  dnatBy,
  type Family,
  inPrefix,
  inSet,
  isFamily,
  isNew,
  isProtocol,
  isTranslated,
  type KeyPart,
  loadKey,
  notFromItsOwnLink,
  notFromLoopback,
  PROTOCOL,
  type Protocol,
  toThisHost,
  verdict,
  verdictMap,
} from "./expressions.ts";
import { PORT_SETS } from "./port-keys.ts";
import type { SharedPart } from "./shared.ts";
import { declareSet } from "./table.ts";

const FAMILIES = [4, 6] as const;
const ADDR = { 4: "ipv4_addr", 6: "ipv6_addr" } as const;
const PROTOCOLS = Object.keys(PROTOCOL) as Protocol[];

const BY_PORT: readonly KeyPart[] = ["l4proto", "dport"];
const BY_ADDRESS_AND_PORT: readonly KeyPart[] = ["daddr", ...BY_PORT];

/** 127.0.0.0/8 */
export const LOOPBACK_NET = { ip: { family: 4, value: 127n << 24n }, prefixLen: 8 } as const;

const setsOf = (family: Family) => {
  const port = ["inet_proto", "inet_service"] as const;
  const addressAndPort = [ADDR[family], ...port] as const;
  const target = [ADDR[family], "inet_service"] as const;
  return [
    declareSet(PORT_SETS.ports[family], port, target, "published on every address of the host"),
    declareSet(PORT_SETS.hostPorts[family], addressAndPort, target, "published on one address of the host"),
    declareSet(PORT_SETS.guards[family], port, "verdict", "who may use a port published everywhere"),
    declareSet(PORT_SETS.hostGuards[family], addressAndPort, "verdict", "who may use a port published on one address"),
    declareSet(
      PORT_SETS.hairpin[family],
      addressAndPort,
      "verdict",
      "container and host port: from where to masquerade",
    ),
    declareSet(PORT_SETS.private[family], addressAndPort, undefined, "containers' ports published on loopback only"),
    declareSet(
      PORT_SETS.standby[family],
      [...addressAndPort, ADDR[family]],
      ["inet_service"],
      "ports that lead to the same container through another of its networks",
    ),
  ];
};

/** From a packet to this host to a container; a guard may say no before. */
const translate = (family: Family): (readonly Expr[])[] => [
  [...isFamily(family), ...loadKey(family, BY_ADDRESS_AND_PORT), verdictMap(PORT_SETS.hostGuards[family])],
  [...isFamily(family), ...loadKey(family, BY_PORT), verdictMap(PORT_SETS.guards[family])],
  [...isFamily(family), ...loadKey(family, BY_ADDRESS_AND_PORT), ...dnatBy(family, PORT_SETS.hostPorts[family])],
  [...loadKey(family, BY_PORT), ...dnatBy(family, PORT_SETS.ports[family])],
];

/** The protocol's name comes first: without it `nft` does not know what the port of a tracked connection is. */
const hairpin = (family: Family, protocol: Protocol): readonly Expr[] => [
  ...isProtocol(protocol),
  ...isFamily(family),
  ...loadKey(family, ["daddr", "l4proto", "original dport"]),
  verdictMap(PORT_SETS.hairpin[family]),
];

/** A new connection to what is published on loopback only, by another way than the container's own link. */
const keepPrivate = (family: Family): readonly Expr[] => [
  ...isNew,
  ...isFamily(family),
  ...loadKey(family, BY_ADDRESS_AND_PORT),
  inSet(PORT_SETS.private[family]),
  ...notFromItsOwnLink,
  verdict("drop"),
];

/**
 * Priority -99: after those who translate at -100 (kube-proxy, Docker), as the reference's rules are. The raw chain comes
 * before everything, so that loopback addresses are good for the host alone, whatever `route_localnet` says.
 * Sets and rules are put together when they are asked for: mostly they stand already, and counting them is enough.
 */
export const PORT_PART: SharedPart = {
  get sets() {
    return FAMILIES.flatMap(setsOf);
  },
  chains: [
    {
      name: "published",
      uses: 10, // 8 rules, 2 jumps
      get rules() {
        return FAMILIES.flatMap(translate);
      },
    },
    {
      name: "hairpin",
      uses: 7, // 6 rules, 1 jump
      get rules() {
        return FAMILIES.flatMap((family) => PROTOCOLS.map((protocol) => hairpin(family, protocol)));
      },
    },
    {
      name: "ports-raw",
      base: { type: "filter", hook: "prerouting", priority: -300 },
      uses: 2,
      get rules() {
        return (["daddr", "saddr"] as const).map((which) => [
          ...notFromLoopback,
          ...isFamily(4),
          ...inPrefix(which, LOOPBACK_NET),
          verdict("drop"),
        ]);
      },
    },
    {
      name: "ports-prerouting",
      base: { type: "nat", hook: "prerouting", priority: -99 },
      uses: 1,
      get rules() {
        return [[...toThisHost, verdict("jump", "published")]];
      },
    },
    {
      name: "ports-output",
      base: { type: "nat", hook: "output", priority: -99 },
      uses: 1,
      get rules() {
        return [[...toThisHost, verdict("jump", "published")]];
      },
    },
    {
      name: "ports-forward",
      base: { type: "filter", hook: "forward", priority: -1 },
      uses: 2,
      get rules() {
        return FAMILIES.map(keepPrivate);
      },
    },
    {
      name: "ports-postrouting",
      base: { type: "nat", hook: "postrouting", priority: 100 },
      uses: 1,
      get rules() {
        return [[...isTranslated, verdict("jump", "hairpin")]];
      },
    },
  ],
};
