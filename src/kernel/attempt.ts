import { NetlinkError, type NetlinkSocket, NLM_F, type Request } from "../netlink/socket/index.ts";

const EPROTO = 71;

/**
 * Sends requests all at once and gives the refusals in their places. The kernel answers in order, and refusals without being
 * asked, so one acknowledgement says that the rest went well.
 */
export async function attempt(
  socket: NetlinkSocket,
  requests: readonly Request[],
): Promise<(NetlinkError | undefined)[]> {
  const last = requests.at(-1);
  if (!last) return [];
  const outcomes = await socket.exchange([...requests.slice(0, -1).map(unacknowledged), last]);
  const end = outcomes.at(-1);
  if (!end?.answered)
    throw new NetlinkError(last.op, EPROTO, { message: "the kernel did not acknowledge the requests" });
  return outcomes.map(({ error }) => error);
}

/** The same message without NLM_F_ACK. */
function unacknowledged(request: Request): Request {
  return {
    ...request,
    flags: request.flags & ~NLM_F.ACK,
    encode(seq) {
      const bytes = request.encode(seq);
      // `nlmsg_flags`, linux/netlink.h: 16 bits at offset 6.
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      view.setUint16(6, view.getUint16(6, true) & ~NLM_F.ACK, true);
      return bytes;
    },
  };
}
