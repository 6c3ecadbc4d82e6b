import { newAddr } from "../netlink/rtnl/addr.ts";
import { RTM, RTNLGRP } from "../netlink/rtnl/constants.ts";
import { linkAnswer } from "../netlink/rtnl/link.ts";
import { newNeigh } from "../netlink/rtnl/neigh.ts";
import { newRoute } from "../netlink/rtnl/route.ts";
import { newRule } from "../netlink/rtnl/rule.ts";
import { NETLINK } from "../netlink/socket/index.ts";
import { type RawMessage, splitMessages } from "../netlink/wire/index.ts";
import { type Addr, toAddr } from "./addr.ts";
import type { KernelContext } from "./context.ts";
import { type Link, toLink } from "./link-value.ts";
import { type Neigh, toNeigh } from "./neigh.ts";
import { type Route, toRoute } from "./route-value.ts";
import { type Rule, toRule } from "./rule.ts";

const GROUPS = {
  link: [RTNLGRP.LINK],
  addr: [RTNLGRP.IPV4_IFADDR, RTNLGRP.IPV6_IFADDR],
  route: [RTNLGRP.IPV4_ROUTE, RTNLGRP.IPV6_ROUTE],
  neigh: [RTNLGRP.NEIGH],
  rule: [RTNLGRP.IPV4_RULE, RTNLGRP.IPV6_RULE],
} as const;

export type MonitorTopic = keyof typeof GROUPS;

export type MonitorEvent =
  | { readonly topic: "link"; readonly change: "new" | "del"; readonly link: Link }
  | { readonly topic: "addr"; readonly change: "new" | "del"; readonly addr: Addr }
  | { readonly topic: "route"; readonly change: "new" | "del"; readonly route: Route }
  | { readonly topic: "neigh"; readonly change: "new" | "del"; readonly neigh: Neigh }
  | { readonly topic: "rule"; readonly change: "new" | "del"; readonly rule: Rule }
  /** Messages were lost (the receive buffer ran over): list again what you follow. */
  | { readonly topic: "resync" };

/** Changes as they happen: `ip monitor`. Leaving the loop, `return()` or disposal ends it; so does closing the kernel. */
export interface Monitor extends AsyncIterableIterator<MonitorEvent>, AsyncDisposable {
  return(): Promise<IteratorResult<MonitorEvent>>;
}

/** Subscribed when this returns, so that a list taken afterwards misses nothing. */
export function monitor(ctx: KernelContext, topics: readonly MonitorTopic[]): Monitor {
  let subscription = subscribe(ctx, topics);
  let closed = false;
  const unregister = ctx.closing(() => {
    closed = true;
    subscription.close();
  });
  async function* stream(): AsyncGenerator<MonitorEvent, undefined> {
    while (!closed) {
      let datagram: Uint8Array | undefined;
      try {
        datagram = await subscription.receive();
      } catch (error) {
        if (closed) return undefined;
        if ((error as { code?: unknown }).code !== "ENOBUFS") throw error;
        // What is still in the buffer is older than the list that the consumer takes next: it goes with the socket.
        subscription.close();
        subscription = subscribe(ctx, topics);
        yield { topic: "resync" };
        continue;
      }
      for (const raw of splitMessages(datagram ?? new Uint8Array())) {
        const event = toEvent(raw);
        if (event) yield event;
      }
    }
    return undefined;
  }
  const events = stream();
  return {
    next: () => events.next(),
    // Not the generator's own: that would wait for the next message. Closing the socket ends a receive under way.
    return: async () => {
      unregister();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: async () => unregister(),
  };
}

interface Subscription {
  receive(): Promise<Uint8Array | undefined>;
  close(): void;
}

function subscribe({ native, netns }: KernelContext, topics: readonly MonitorTopic[]): Subscription {
  const fd = native.netlinkOpen(NETLINK.ROUTE, netns);
  try {
    native.netlinkSubscribe(
      fd,
      topics.flatMap((topic) => GROUPS[topic]),
    );
  } catch (error) {
    native.closeFd(fd);
    throw error;
  }
  return { receive: () => native.netlinkReceiveAsync(fd, -1), close: () => native.closeFd(fd) };
}

function toEvent({ type, bytes }: RawMessage): MonitorEvent | undefined {
  switch (type) {
    case RTM.NEWLINK:
    case RTM.DELLINK:
      return { topic: "link", change: type === RTM.NEWLINK ? "new" : "del", link: toLink(linkAnswer.decode(bytes)) };
    case RTM.NEWADDR:
    case RTM.DELADDR:
      return { topic: "addr", change: type === RTM.NEWADDR ? "new" : "del", addr: toAddr(newAddr.decode(bytes)) };
    case RTM.NEWROUTE:
    case RTM.DELROUTE:
      return { topic: "route", change: type === RTM.NEWROUTE ? "new" : "del", route: toRoute(newRoute.decode(bytes)) };
    case RTM.NEWNEIGH:
    case RTM.DELNEIGH: {
      const neigh = toNeigh(newNeigh.decode(bytes));
      return neigh && { topic: "neigh", change: type === RTM.NEWNEIGH ? "new" : "del", neigh };
    }
    case RTM.NEWRULE:
    case RTM.DELRULE:
      return { topic: "rule", change: type === RTM.NEWRULE ? "new" : "del", rule: toRule(newRule.decode(bytes)) };
    default:
      return undefined;
  }
}
