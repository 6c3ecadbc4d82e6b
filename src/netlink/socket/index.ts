export { errnoName, errnoText } from "./errno.ts";
export { NETLINK, nativeTransport } from "./native-transport.ts";
export { type ExtAck, isNetlinkError, NetlinkError } from "./netlink-error.ts";
export { change, NLM_F, type Request, request } from "./request.ts";
export { type NetlinkSocket, netlinkSocket, type Outcome } from "./socket.ts";
export type { Transport } from "./transport.ts";
