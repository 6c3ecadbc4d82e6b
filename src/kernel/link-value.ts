import type { BridgePort } from "../netlink/rtnl/kinds/bridge-port.ts";
import { IFF } from "../netlink/rtnl/link.const.ts";
import { type LinkAnswer, linkAttrs, type NewLink } from "../netlink/rtnl/link.ts";
import { type LinkInfo, linkInfo, linkKinds } from "../netlink/rtnl/link-info.ts";
import { type Codec, Source } from "../netlink/wire/index.ts";

export interface BridgePortState {
  /** Frames may leave through the port they came in. */
  readonly hairpin: boolean;
  /** Isolated ports do not reach each other. */
  readonly isolated: boolean;
  readonly learning: boolean;
  /** Spanning tree: a port that is `forwarding` passes frames. */
  readonly state: string | number | undefined;
}

/** A link as the kernel describes it: `ip -d link`. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly altNames: readonly string[];
  /** Lower case, colon-separated; empty for links without one. */
  readonly mac: string;
  readonly mtu: number;
  /** ARPHRD_* of linux/if_arp.h: 1 Ethernet, 772 loopback. */
  readonly type: number;
  /** IFF_* of linux/if.h. */
  readonly flags: number;
  /** Switched on (IFF_UP). */
  readonly up: boolean;
  /** On, and able to carry frames (IFF_RUNNING). */
  readonly running: boolean;
  readonly loopback: boolean;
  /** RFC 2863: `up`, `down`, `lowerLayerDown`, `dormant` …; `unknown` for drivers that do not tell (loopback, ifb). */
  readonly operstate: string | number;
  /** Index of the bridge or vrf it belongs to. */
  readonly master: number | undefined;
  /** `bridge`, `veth`, …; `undefined` for hardware. Also for kinds whose settings are not decoded. */
  readonly kind: string | undefined;
  /** Settings of its kind (`info.data`, typed once `info.kind` is known) and as a port (`info.slaveData`). */
  readonly info: LinkInfo | undefined;
  /** What it is set to as port of a bridge; everything about it is in `info.slaveData`. */
  readonly bridgePort: BridgePortState | undefined;
  /** Index of a veth's other end or of the lower link, in the namespace that `peerNetnsId` names. */
  readonly peerIndex: number | undefined;
  /** The number by which this namespace knows that of the peer; `undefined` when it is this one. */
  readonly peerNetnsId: number | undefined;
  readonly alias: string | undefined;
  /** How many times promiscuous mode is wanted. */
  readonly promiscuity: number;
  readonly txqlen: number | undefined;
  /** Everything else the kernel said. */
  readonly attrs: NewLink["attrs"];
}

/** `info`, `bridgePort` and `attrs` are read from the answer's bytes when somebody looks at them. */
export function toLink({ header, attrs }: LinkAnswer): Link {
  const { kind, slaveKind } = parse(linkKinds, attrs.linkInfo) ?? {};
  let info: LinkInfo | undefined;
  const settings = (): LinkInfo | undefined => {
    info ??= parse(linkInfo, attrs.linkInfo);
    return info;
  };
  return {
    index: header.index,
    name: attrs.ifname ?? "",
    altNames: attrs.propList ?? [],
    mac: attrs.address ?? "",
    mtu: attrs.mtu ?? 0,
    type: header.type,
    flags: header.flags,
    up: (header.flags & IFF.UP) !== 0,
    running: (header.flags & IFF.RUNNING) !== 0,
    loopback: (header.flags & IFF.LOOPBACK) !== 0,
    operstate: attrs.operstate ?? "unknown",
    master: attrs.master,
    kind,
    get info() {
      return settings();
    },
    get bridgePort() {
      const port = slaveKind === "bridge" ? settings() : undefined;
      return port?.slaveKind === "bridge" ? toPort(port.slaveData) : undefined;
    },
    peerIndex: attrs.link,
    peerNetnsId: attrs.linkNetnsId,
    alias: attrs.ifalias,
    promiscuity: attrs.promiscuity ?? 0,
    txqlen: attrs.txqlen,
    get attrs() {
      return parse(linkAttrs, attrs.all) ?? {};
    },
  };
}

function parse<T>(codec: Codec<T, never>, bytes: Uint8Array | undefined): T | undefined {
  return bytes && codec.read(new Source(bytes), 0, bytes.length);
}

const toPort = (port: BridgePort = {}): BridgePortState => ({
  hairpin: port.hairpin === 1,
  isolated: port.isolated === 1,
  learning: port.learning === 1,
  state: port.state,
});
