import type { InetSocket } from "../../kernel/sockets.ts";
import type { SocketOwner } from "../look/index.ts";
import type { Form, LinkNames } from "./names.ts";

/** TCP_* by the names of ss(8). */
const STATES = [
  "UNKNOWN",
  "ESTAB",
  "SYN-SENT",
  "SYN-RECV",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "TIME-WAIT",
  "UNCONN",
  "CLOSE-WAIT",
  "LAST-ACK",
  "LISTEN",
  "CLOSING",
];

export const socketState = ({ state }: InetSocket): string => STATES[state] ?? String(state);

/** Whether it waits for others: listening, or without a connection. */
export const isWaiting = (socket: InetSocket): boolean => {
  const state = socketState(socket);
  return state === "LISTEN" || (state === "UNCONN" && (socket.protocol === "udp" || socket.protocol === "raw"));
};

const isAny = (address: string): boolean => address === "0.0.0.0" || address === "::";

/** `10.0.0.1:80`, `[fd00::1]:80`, `*:80` for one that takes both families, as ss(8) writes them. */
export function endText(socket: InetSocket, address: string, port: number, nameOf: LinkNames, local: boolean): string {
  const both = socket.family === 6 && address === "::" && socket.v6Only !== true;
  const text = both ? "*" : socket.family === 6 ? `[${address}]` : address;
  const device = local && socket.link !== undefined ? `%${nameOf(socket.link)}` : "";
  return `${text}${device}:${port === 0 && isAny(address) && !local ? "*" : port}`;
}

/** `users:(("nginx",pid=7,fd=6))` */
export const usersText = (owners: readonly SocketOwner[]): string =>
  owners.length === 0
    ? ""
    : `users:(${owners.map(({ name, pid, fd }) => `("${name}",pid=${pid},fd=${fd})`).join(",")})`;

/** ss(8) has no JSON; this is its columns. */
export const socketForm = (socket: InetSocket, owners: readonly SocketOwner[], nameOf: LinkNames): Form => ({
  netid: socket.protocol,
  family: socket.family === 4 ? "inet" : "inet6",
  state: socketState(socket),
  recv_q: socket.receiveQueue,
  send_q: socket.sendQueue,
  local: socket.src,
  local_port: socket.srcPort,
  peer: socket.dst,
  peer_port: socket.dstPort,
  dev: socket.link === undefined ? undefined : nameOf(socket.link),
  v6only: socket.v6Only,
  uid: socket.uid,
  inode: socket.inode,
  users: owners.map(({ name, pid, fd }) => ({ process: name, pid, fd })),
});
