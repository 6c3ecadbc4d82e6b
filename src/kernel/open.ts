import type { Fd, Native } from "../../native/addon.ts";
import { addrVerbs } from "./addr.ts";
import { conntrackVerbs } from "./conntrack.ts";
import { kernelContext, type Waiting } from "./context.ts";
import { fdbVerbs } from "./fdb.ts";
import type { Kernel } from "./kernel.ts";
import { linkVerbs } from "./link.ts";
import { monitor } from "./monitor.ts";
import { neighVerbs } from "./neigh.ts";
import { nftVerbs } from "./nft.ts";
import { routeVerbs } from "./route.ts";
import { ruleVerbs } from "./rule.ts";
import { sysctlVerbs } from "./sysctl.ts";
import { tcVerbs } from "./tc.ts";

/**
 * The kernel as the namespace of this process has it. Sockets open on first use and close with `await using`.
 * @param waiting "here" blocks the calling thread (one-shot processes), "aside" waits on threads of the addon (services)
 */
export function openKernel(native: Native, { waiting }: { waiting: Waiting }): Kernel {
  return bind(native, -1, waiting);
}

function bind(native: Native, netns: Fd, waiting: Waiting): Kernel {
  const ctx = kernelContext(native, netns, waiting);
  let identity: string | undefined;
  return {
    netns,
    get identity() {
      identity ??= native.netnsIdentity(netns);
      return identity;
    },
    link: linkVerbs(ctx),
    addr: addrVerbs(ctx),
    route: routeVerbs(ctx),
    neigh: neighVerbs(ctx),
    fdb: fdbVerbs(ctx),
    rule: ruleVerbs(ctx),
    tc: tcVerbs(ctx),
    nft: nftVerbs(ctx),
    conntrack: conntrackVerbs(ctx),
    sysctl: sysctlVerbs(ctx),
    commit: (...requests) => (requests.length === 0 ? Promise.resolve() : ctx.route().commit(...requests)),
    monitor: (topics) => monitor(ctx, topics),
    enter: async (path) => bind(native, native.netnsOpen(path), waiting),
    async [Symbol.asyncDispose]() {
      ctx.close();
    },
  };
}
