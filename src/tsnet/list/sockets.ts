import { loadNative } from "../../../native/load.ts";
import type { InetSocket } from "../../kernel/sockets.ts";
import type { LinkNames } from "../forms/names.ts";
import { endText, isWaiting, socketForm, socketState, usersText } from "../forms/socket.ts";
import { type SocketOwner, socketOwners } from "../look/index.ts";
import type { Seen, Topic } from "./topic.ts";

interface SocketOptions {
  readonly connected?: boolean;
}

export type Owners = ReadonlyMap<number, readonly SocketOwner[]>;

export const socketsTopic: Topic<SocketOptions> = {
  name: "sockets",
  description: "listening sockets of a namespace, and whose they are",
  examples: ["tsnet sockets ls -n blue", "tsnet sockets ls --connected --json"],
  parts: ["sockets"],
  form: "the columns of ss, which has no JSON",
  options: [["--connected", "all sockets, not only those that wait for others"]],
  json: (seen) => {
    const sockets = socketsOf(seen);
    const owners = ownersOf(sockets);
    return sockets.map((socket) => socketForm(socket, owners.get(socket.inode) ?? [], seen.nameOf));
  },
  text: (seen) => {
    const sockets = socketsOf(seen);
    return { heading: SOCKET_HEADING, rows: socketRows(sockets, ownersOf(sockets), seen.nameOf) };
  },
};

export const SOCKET_HEADING = ["NETID", "STATE", "RECV-Q", "SEND-Q", "LOCAL ADDRESS", "PEER ADDRESS", "PROCESS"];

export const socketRows = (sockets: readonly InetSocket[], owners: Owners, nameOf: LinkNames): string[][] =>
  sockets.map((socket) => [
    socket.protocol,
    socketState(socket),
    String(socket.receiveQueue),
    String(socket.sendQueue),
    endText(socket, socket.src, socket.srcPort, nameOf, true),
    endText(socket, socket.dst, socket.dstPort, nameOf, false),
    usersText(owners.get(socket.inode) ?? []),
  ]);

function socketsOf({ snapshot, options }: Seen<SocketOptions>): readonly InetSocket[] {
  const all = snapshot.sockets ?? [];
  return options.connected ? all : all.filter(isWaiting);
}

export const ownersOf = (sockets: readonly InetSocket[]): Owners =>
  socketOwners(loadNative(), new Set(sockets.map((socket) => socket.inode)));
