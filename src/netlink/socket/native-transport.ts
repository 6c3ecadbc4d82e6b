import type { Fd, Native } from "../../../native/addon.ts";
import type { Transport } from "./transport.ts";

/** Netlink protocols, linux/netlink.h. */
// header: linux/netlink.h
export const NETLINK = { ROUTE: 0, SOCK_DIAG: 4, NETFILTER: 12 } as const;

/**
 * A socket of the kernel, opened inside `netns` (-1: the process's own) and staying there.
 * @param waiting "here" blocks the calling thread (one-shot processes), "aside" waits on a thread of the addon (services)
 */
export function nativeTransport(native: Native, protocol: number, netns: Fd, waiting: "here" | "aside"): Transport {
  const fd = native.netlinkOpen(protocol, netns);
  return {
    exchange: (request, timeoutMs, containing) =>
      waiting === "here"
        ? native.netlinkExchange(fd, request, timeoutMs, containing)
        : native.netlinkExchangeAsync(fd, request, timeoutMs, containing),
    close: (aside) => (aside ? native.netlinkCloseAside(fd) : native.closeFd(fd)),
  };
}
