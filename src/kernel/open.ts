import type { Fd, Native } from "../../native/addon.ts";
import { addrVerbs } from "./addr.ts";
import { attempt } from "./attempt.ts";
import { kernelContext, type Waiting } from "./context.ts";
import type { Kernel } from "./kernel.ts";
import { linkVerbs } from "./link.ts";
import { routeVerbs } from "./route.ts";
import { sysctlVerbs } from "./sysctl.ts";

/**
 * The kernel as the namespace of this process has it. Sockets open on first use and close with `await using`.
 * @param waiting "here" blocks the calling thread (one-shot processes), "aside" waits on threads of the addon (services)
 */
export function openKernel(native: Native, { waiting }: { waiting: Waiting }): Kernel {
  return bind(native, -1, waiting);
}

/** The kernel as another namespace has it, by path: `Kernel.enter` for whoever has no kernel yet. */
export function openKernelAt(native: Native, path: string, { waiting }: { waiting: Waiting }): Kernel {
  return bind(native, native.netnsOpen(path), waiting);
}

/**
 * For what most plugins do without: a message family is loaded when it is first asked for, which spares the others its
 * schemas (nf_tables alone 0.3 ms). By `require`, which can wait for its answer where `import()` cannot.
 */
function lazily<T>(load: () => T): () => T {
  let loaded: T | undefined;
  return () => {
    loaded ??= load();
    return loaded;
  };
}

function bind(native: Native, netns: Fd, waiting: Waiting): Kernel {
  const ctx = kernelContext(native, netns, waiting);
  let identity: string | undefined;
  const neigh = lazily(() => (require("./neigh.ts") as typeof import("./neigh.ts")).neighVerbs(ctx));
  const fdb = lazily(() => (require("./fdb.ts") as typeof import("./fdb.ts")).fdbVerbs(ctx));
  const rule = lazily(() => (require("./rule.ts") as typeof import("./rule.ts")).ruleVerbs(ctx));
  const tc = lazily(() => (require("./tc.ts") as typeof import("./tc.ts")).tcVerbs(ctx));
  const nft = lazily(() => (require("./nft.ts") as typeof import("./nft.ts")).nftVerbs(ctx));
  const netnsId = lazily(() => require("./netns-id.ts") as typeof import("./netns-id.ts"));
  const conntrack = lazily(() => (require("./conntrack.ts") as typeof import("./conntrack.ts")).conntrackVerbs(ctx));
  const sockets = lazily(() => (require("./sockets.ts") as typeof import("./sockets.ts")).socketVerbs(ctx));
  const bus = lazily(() => (require("./bus.ts") as typeof import("./bus.ts")).busVerbs(ctx));
  return {
    netns,
    get identity() {
      identity ??= native.netnsIdentity(netns);
      return identity;
    },
    link: linkVerbs(ctx),
    addr: addrVerbs(ctx),
    route: routeVerbs(ctx),
    get neigh() {
      return neigh();
    },
    get fdb() {
      return fdb();
    },
    get rule() {
      return rule();
    },
    get tc() {
      return tc();
    },
    get nft() {
      return nft();
    },
    get conntrack() {
      return conntrack();
    },
    get sockets() {
      return sockets();
    },
    netnsIds: (fds) => netnsId().netnsIds(ctx, fds),
    ensureNetnsId: (there) => netnsId().ensureNetnsId(ctx, there),
    knownNetnsIds: () => netnsId().knownNetnsIds(ctx),
    sysctl: sysctlVerbs(ctx),
    get bus() {
      return bus();
    },
    commit: (...requests) => (requests.length === 0 ? Promise.resolve() : ctx.route().commit(...requests)),
    attempt: (...requests) => attempt(ctx.route(), requests),
    echo: (address, { bytes, timeoutMs }) => native.icmpEchoAsync(netns, address, bytes, timeoutMs),
    monitor: (topics) => (require("./monitor.ts") as typeof import("./monitor.ts")).monitor(ctx, topics),
    enter: async (path) => bind(native, native.netnsOpen(path), waiting),
    async [Symbol.asyncDispose]() {
      ctx.close();
    },
  };
}
