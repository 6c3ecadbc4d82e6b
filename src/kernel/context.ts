import type { Fd, Native } from "../../native/addon.ts";
import { NETLINK, type NetlinkSocket, nativeTransport, netlinkSocket } from "../netlink/socket/index.ts";

/** "here" blocks the calling thread (one-shot processes), "aside" waits on a thread of the addon (services). */
export type Waiting = "here" | "aside";

/** One namespace and its sockets, opened on first use: what the verbs of this folder are made from. */
export interface KernelContext {
  readonly native: Native;
  /** -1: the namespace this process was started in. */
  readonly netns: Fd;
  readonly waiting: Waiting;
  route(): NetlinkSocket;
  netfilter(): NetlinkSocket;
  /** The rule set lost something, which the kernel will free: nobody is to wait for that when the socket is closed. */
  lostSomething(): void;
  sockDiag(): NetlinkSocket;
  /** Has `release` run when the context is closed, or once earlier by calling what is returned. */
  closing(release: () => void): () => void;
  close(): void;
}

export function kernelContext(native: Native, netns: Fd, waiting: Waiting): KernelContext {
  const releases = new Set<() => void>();
  function closing(release: () => void): () => void {
    releases.add(release);
    return () => {
      if (releases.delete(release)) release();
    };
  }
  let lost = false;
  const socket = (protocol: number): (() => NetlinkSocket) => {
    let opened: NetlinkSocket | undefined;
    return () => {
      if (opened) return opened;
      const fresh = netlinkSocket(nativeTransport(native, protocol, netns, waiting));
      closing(() => {
        opened = undefined;
        fresh.close(lost && protocol === NETLINK.NETFILTER);
      });
      opened = fresh;
      return fresh;
    };
  };
  if (netns !== -1) closing(() => native.closeFd(netns));
  return {
    native,
    netns,
    waiting,
    route: socket(NETLINK.ROUTE),
    netfilter: socket(NETLINK.NETFILTER),
    sockDiag: socket(NETLINK.SOCK_DIAG),
    lostSomething: () => {
      lost = true;
    },
    closing,
    close() {
      for (const release of [...releases].reverse()) {
        releases.delete(release);
        release();
      }
    },
  };
}
