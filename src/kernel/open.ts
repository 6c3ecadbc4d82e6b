import type { Fd, Native } from "../../native/addon.ts";
import type { Request } from "../netlink/socket/index.ts";
import { addrVerbs } from "./addr.ts";
import { attempt } from "./attempt.ts";
import { type KernelContext, kernelContext, type Waiting } from "./context.ts";
import type { Kernel } from "./kernel.ts";
import { linkVerbs } from "./link.ts";
import type { MonitorTopic } from "./monitor.ts";
import type { NamespaceRef } from "./netns-fd.ts";
import { routeVerbs } from "./route.ts";
import { sysctlVerbs } from "./sysctl.ts";

/**
 * The kernel as the namespace of this process has it. Sockets open on first use and close with `await using`.
 * @param waiting "here" blocks the calling thread (one-shot processes), "aside" waits on threads of the addon (services)
 */
export function openKernel(native: Native, { waiting }: { waiting: Waiting }): Kernel {
  return new OpenKernel(native, -1, waiting);
}

/** The kernel as another namespace has it, by path: `Kernel.enter` for whoever has no kernel yet. */
export function openKernelAt(native: Native, path: string, { waiting }: { waiting: Waiting }): Kernel {
  return new OpenKernel(native, native.netnsOpen(path), waiting);
}

/**
 * Verbs are made when they are first asked for, and most message families are loaded then: a plugin does without most of
 * them (nf_tables alone takes Bun 0.3 ms). By `require`, which can wait for its answer where `import()` cannot.
 */
class OpenKernel implements Kernel {
  readonly netns: Fd;
  private readonly native: Native;
  private readonly waiting: Waiting;
  private readonly ctx: KernelContext;
  private readonly made: { -readonly [Name in keyof Kernel]?: Kernel[Name] } = {};

  constructor(native: Native, netns: Fd, waiting: Waiting) {
    this.native = native;
    this.netns = netns;
    this.waiting = waiting;
    this.ctx = kernelContext(native, netns, waiting);
  }

  get identity() {
    this.made.identity ??= this.native.netnsIdentity(this.netns);
    return this.made.identity;
  }
  get link() {
    this.made.link ??= linkVerbs(this.ctx);
    return this.made.link;
  }
  get addr() {
    this.made.addr ??= addrVerbs(this.ctx);
    return this.made.addr;
  }
  get route() {
    this.made.route ??= routeVerbs(this.ctx);
    return this.made.route;
  }
  get sysctl() {
    this.made.sysctl ??= sysctlVerbs(this.ctx);
    return this.made.sysctl;
  }
  get neigh() {
    this.made.neigh ??= (require("./neigh.ts") as typeof import("./neigh.ts")).neighVerbs(this.ctx);
    return this.made.neigh;
  }
  get fdb() {
    this.made.fdb ??= (require("./fdb.ts") as typeof import("./fdb.ts")).fdbVerbs(this.ctx);
    return this.made.fdb;
  }
  get rule() {
    this.made.rule ??= (require("./rule.ts") as typeof import("./rule.ts")).ruleVerbs(this.ctx);
    return this.made.rule;
  }
  get tc() {
    this.made.tc ??= (require("./tc.ts") as typeof import("./tc.ts")).tcVerbs(this.ctx);
    return this.made.tc;
  }
  get nft() {
    this.made.nft ??= (require("./nft.ts") as typeof import("./nft.ts")).nftVerbs(this.ctx);
    return this.made.nft;
  }
  get conntrack() {
    this.made.conntrack ??= (require("./conntrack.ts") as typeof import("./conntrack.ts")).conntrackVerbs(this.ctx);
    return this.made.conntrack;
  }
  get bus() {
    this.made.bus ??= (require("./bus.ts") as typeof import("./bus.ts")).busVerbs(this.ctx);
    return this.made.bus;
  }
  get sockets() {
    this.made.sockets ??= (require("./sockets.ts") as typeof import("./sockets.ts")).socketVerbs(this.ctx);
    return this.made.sockets;
  }

  netnsIds(fds: readonly number[]) {
    return netnsIdModule().netnsIds(this.ctx, fds);
  }

  ensureNetnsId(there: NamespaceRef) {
    return netnsIdModule().ensureNetnsId(this.ctx, there);
  }

  knownNetnsIds() {
    return netnsIdModule().knownNetnsIds(this.ctx);
  }

  async commit(...requests: Request[]) {
    if (requests.length > 0) await this.ctx.route().commit(...requests);
  }

  attempt(...requests: Request[]) {
    return attempt(this.ctx.route(), requests);
  }

  echo(address: string, { bytes, timeoutMs }: { bytes: number; timeoutMs: number }) {
    return this.native.icmpEchoAsync(this.netns, address, bytes, timeoutMs);
  }

  monitor(topics: readonly MonitorTopic[]) {
    return (require("./monitor.ts") as typeof import("./monitor.ts")).monitor(this.ctx, topics);
  }

  async enter(path: string): Promise<Kernel> {
    return new OpenKernel(this.native, this.native.netnsOpen(path), this.waiting);
  }

  async [Symbol.asyncDispose]() {
    this.ctx.close();
  }
}

const netnsIdModule = () => require("./netns-id.ts") as typeof import("./netns-id.ts");
