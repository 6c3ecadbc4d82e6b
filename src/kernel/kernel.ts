import type { NetlinkError, Request } from "../netlink/socket/index.ts";
import type { AddrVerbs } from "./addr.ts";
import type { BusVerbs } from "./bus.ts";
import type { ConntrackVerbs } from "./conntrack.ts";
import type { FdbVerbs } from "./fdb.ts";
import type { LinkVerbs } from "./link.ts";
import type { Monitor, MonitorTopic } from "./monitor.ts";
import type { NeighVerbs } from "./neigh.ts";
import type { NamespaceRef } from "./netns-fd.ts";
import type { NftVerbs } from "./nft.ts";
import type { RouteVerbs } from "./route.ts";
import type { RuleVerbs } from "./rule.ts";
import type { SocketVerbs } from "./sockets.ts";
import type { SysctlVerbs } from "./sysctl.ts";
import type { TcVerbs } from "./tc.ts";

/**
 * The kernel as seen from ONE network namespace: its sockets were opened there and stay there, whatever the process does.
 * Made by `openKernel` (the namespace of this process) and by `enter`.
 */
export interface Kernel extends AsyncDisposable {
  /** Descriptor of the namespace, `-1` for the one this process was started in; valid as long as this object. */
  readonly netns: number;
  /** `dev:ino`; equal for two kernels of the same namespace. */
  readonly identity: string;
  /** The number by which this namespace knows another; `undefined` when it has none for it (yet). Gives out none. */
  netnsIds(fds: readonly number[]): Promise<(number | undefined)[]>;
  /**
   * Gives another namespace a number here, unless it has one. It lasts as long as that namespace, whatever becomes of the
   * paths that led there, and finds its links (`LinkVerbs.list`). There is no way back.
   */
  ensureNetnsId(there: NamespaceRef): Promise<void>;
  /** The numbers of all namespaces that have one here. */
  knownNetnsIds(): Promise<number[]>;
  readonly link: LinkVerbs;
  readonly addr: AddrVerbs;
  readonly route: RouteVerbs;
  readonly neigh: NeighVerbs;
  readonly fdb: FdbVerbs;
  readonly rule: RuleVerbs;
  readonly tc: TcVerbs;
  readonly nft: NftVerbs;
  readonly conntrack: ConntrackVerbs;
  readonly sockets: SocketVerbs;
  readonly sysctl: SysctlVerbs;
  readonly bus: BusVerbs;
  /**
   * Sends rtnetlink requests built by `link.setting`, `addr.adding`, `route.adding` … all at once, and reads the answers
   * after. Throws the first refusal; what came before it has taken effect, and what comes after may have.
   */
  commit(...requests: Request[]): Promise<void>;
  /**
   * The same for many that do not hang together: gives the refusals, one place for each request, and `undefined` where the
   * kernel did what was asked. Acknowledged is only the last one, so thousands fit the socket's buffer.
   */
  attempt(...requests: Request[]): Promise<(NetlinkError | undefined)[]>;
  /**
   * One ICMP echo request of exactly `bytes` (64..65535, headers included) that may not be cut to pieces, on a thread of its own:
   * the round trip in milliseconds, `undefined` for silence. SystemError EMSGSIZE when it does not fit, EHOSTUNREACH …
   */
  echo(address: string, options: { bytes: number; timeoutMs: number }): Promise<number | undefined>;
  /** Changes as they happen; see `MonitorTopic`. Ends when the consumer stops, or with the kernel. */
  monitor(topics: readonly MonitorTopic[]): Monitor;
  /** Another namespace, by path. SystemError ENOENT (nothing there) or EINVAL (not a network namespace). */
  enter(path: string): Promise<Kernel>;
}
