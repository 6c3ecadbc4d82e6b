import { formatIpv4, formatIpv6 } from "../ip/index.ts";
import { AF } from "../netlink/rtnl/constants.ts";
import { getInetSocket, INET_DIAG, IPPROTO, inetSocket, TCP } from "../netlink/sock-diag/index.ts";
import { isNetlinkError } from "../netlink/socket/index.ts";
import type { MessageOf } from "../netlink/wire/index.ts";
import type { KernelContext } from "./context.ts";

export type SocketProtocol = "tcp" | "udp" | "sctp" | "raw";

/** A socket of the internet families, as sock_diag(7) has it. */
export interface InetSocket {
  readonly protocol: SocketProtocol;
  readonly family: 4 | 6;
  /** TCP_*. */
  readonly state: number;
  readonly src: string;
  /** Of a raw socket the protocol's number. */
  readonly srcPort: number;
  readonly dst: string;
  readonly dstPort: number;
  /** Index of the link it is bound to. */
  readonly link: number | undefined;
  /** IPv6 only; `false` when it takes IPv4 too, `undefined` when that is not told or IPv4. */
  readonly v6Only: boolean | undefined;
  readonly receiveQueue: number;
  readonly sendQueue: number;
  readonly uid: number;
  /** The number in `socket:[…]` of who has it open; 0 when nobody has (any more). */
  readonly inode: number;
}

export interface SocketVerbs {
  /**
   * `ss -a` of these protocols, all when absent: both families. With `listening` only those that wait for others: listening
   * ones, and of protocols without connections those that are not connected.
   */
  list(filter?: { protocols?: readonly SocketProtocol[]; listening?: boolean }): Promise<InetSocket[]>;
}

const NUMBER = { tcp: IPPROTO.TCP, udp: IPPROTO.UDP, sctp: IPPROTO.SCTP, raw: IPPROTO.RAW } as const;
const ALL: readonly SocketProtocol[] = ["tcp", "udp", "raw", "sctp"];
const EVERY_STATE = 0xfff;

export function socketVerbs(ctx: KernelContext): SocketVerbs {
  async function one(protocol: SocketProtocol, family: number, states: number): Promise<InetSocket[]> {
    const header = { family, protocol: NUMBER[protocol], ext: 1 << (INET_DIAG.SKMEMINFO - 1), states };
    try {
      const all = await ctx.sockDiag().dump(getInetSocket, { header }, inetSocket);
      return all.map((m) => toSocket(protocol, m));
    } catch (error) {
      // A kernel without this protocol, or without its part of sock_diag.
      if (isNetlinkError(error, "ENOENT", "EOPNOTSUPP", "EPROTONOSUPPORT", "EAFNOSUPPORT", "EINVAL")) return [];
      throw error;
    }
  }
  return {
    async list({ protocols = ALL, listening = false } = {}) {
      const found: InetSocket[] = [];
      for (const protocol of protocols) {
        const states = !listening
          ? EVERY_STATE
          : 1 << (protocol === "udp" || protocol === "raw" ? TCP.CLOSE : TCP.LISTEN);
        for (const family of [AF.INET, AF.INET6]) found.push(...(await one(protocol, family, states)));
      }
      return found;
    },
  };
}

function toSocket(protocol: SocketProtocol, { header, attrs }: MessageOf<typeof inetSocket>): InetSocket {
  const family = header.family === AF.INET ? 4 : 6;
  const address = (bytes: Uint8Array): string => (family === 4 ? formatIpv4(bytes) : formatIpv6(bytes));
  return {
    protocol,
    family,
    state: header.state,
    src: address(header.src),
    srcPort: header.srcPort,
    dst: address(header.dst),
    dstPort: header.dstPort,
    link: header.oif === 0 ? undefined : header.oif,
    v6Only: attrs.v6Only === undefined ? undefined : attrs.v6Only === 1,
    receiveQueue: header.rqueue,
    sendQueue: header.wqueue,
    uid: header.uid,
    inode: header.inode,
  };
}
