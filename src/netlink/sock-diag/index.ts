/** Sockets of a namespace: sock_diag(7), linux/inet_diag.h. */
export { INET_DIAG, IPPROTO, TCP } from "./constants.ts";
export { getInetSocket, inetSocket } from "./inet.ts";
