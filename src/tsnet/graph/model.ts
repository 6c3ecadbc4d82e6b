import type { Remark } from "../look/index.ts";

/**
 * The host as a picture, before anybody has drawn it: what every renderer starts from and what `--format json` prints. Texts are
 * hostile (names of containers, aliases, comments), each renderer escapes them for where they go.
 */
export interface Picture {
  /** Of this form. */
  readonly version: 1;
  readonly namespaces: readonly Box[];
  readonly wires: readonly Wire[];
}

/** A namespace. */
export interface Box {
  /** Number of the namespace, as in `net:[…]`. */
  readonly id: string;
  readonly label: string;
  /** Container, pod or process; may be empty. */
  readonly owner: string;
  readonly host: boolean;
  readonly own: boolean;
  /** By index, without the loopback. */
  readonly faces: readonly Face[];
  readonly waysOut: readonly WayOut[];
  readonly published: readonly PublishedPort[];
  readonly masquerades: readonly Masquerade[];
  readonly remarks: readonly Remark[];
}

/** An interface. */
export interface Face {
  /** `<namespace>:<index>` */
  readonly id: string;
  readonly name: string;
  /** `bridge`, `veth` …; `hardware` without a kind. */
  readonly kind: string;
  readonly up: boolean;
  /** With prefix length; link-local ones left out. */
  readonly addresses: readonly string[];
  readonly alias: string | undefined;
  /** The face of the bridge or vrf that it is a port of. */
  readonly master: string | undefined;
  /** The other end exists and was not found, in a namespace out of sight. */
  readonly elsewhere: boolean;
  readonly vxlan: Vxlan | undefined;
}

export interface Vxlan {
  readonly vni: number | undefined;
  readonly port: number | undefined;
  /** Remote ends: the link's own, its group, and those of forwarding entries. */
  readonly peers: readonly string[];
}

/** Two faces that lead to each other: the ends of a pair, or a link and the one it stands on. */
export interface Wire {
  /** Kind of link: `veth`, `macvlan`, `vlan` … */
  readonly kind: string;
  /** For `veth` either end, else the upper link. */
  readonly from: string;
  readonly to: string;
}

/** A default route. */
export interface WayOut {
  readonly family: 4 | 6;
  readonly face: string | undefined;
  readonly via: string | undefined;
  /** The face that has the gateway's address. */
  readonly gateway: string | undefined;
  /** Other than `main`. */
  readonly table: number | undefined;
}

export interface PublishedPort {
  readonly protocol: string;
  /** `tcp 0.0.0.0:8080`, or the words of a rule. */
  readonly host: string;
  /** `10.1.0.5:80` */
  readonly target: string;
  /** The face that has the target's address. */
  readonly face: string | undefined;
  readonly by: string;
}

export interface Masquerade {
  /** The address, or the words of a rule. */
  readonly source: string;
  readonly face: string | undefined;
  readonly by: string;
}
