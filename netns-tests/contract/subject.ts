import type { CniVersion, JsonObject } from "../../src/cni/types.ts";
import type { Attached, Network } from "./network.ts";

export type Family = 4 | 6;

/** Which of several networks on one host: everything that must not collide between them is made from its number. */
export interface NetworkPlace {
  readonly name: string;
  readonly index: number;
  /** For leases and whatever else is kept in files. */
  readonly dataDir: string;
}

/** One thing that ADD makes. Without it CHECK must fail, and say what is wrong. */
export interface Made {
  readonly name: string;
  remove(attached: Attached): Promise<unknown>;
  /** What CHECK's `msg` names. */
  readonly named: RegExp | ((attached: Attached) => RegExp);
}

/**
 * A plugin in one configuration: all the suite needs to know of it. A new plugin joins by describing itself so and being
 * listed in `subjects/index.ts`.
 */
export interface Subject {
  /** `bridge with a gateway, v4` */
  readonly name: string;
  /** The executable under test; the last of `plugins`. */
  readonly type: string;
  /** Families of the addresses it gives; none: layer 2, or no addresses at all. */
  readonly families: readonly Family[];
  /** Objects of a config list, up to and with the one under test. */
  plugins(at: NetworkPlace): JsonObject[];
  /** Capability arguments of one attachment, the n-th of its host. */
  runtimeConfig?(n: number): JsonObject;
  /** CNI_ARGS */
  readonly args?: string;
  /** Versions it claims, where these are not all. */
  readonly versions?: readonly CniVersion[];
  /** It differs from another subject by one key: the newest version will do, and so does CHECK of what the key brings. */
  readonly variant?: true;
  /** Versions whose form cannot show the result: ADD is refused there, and leaves nothing. */
  readonly unshowable?: readonly CniVersion[];
  /** Lines of a snapshot's difference that stay after the last DEL, as its README says. */
  readonly stays: readonly RegExp[];
  /** Brings a host back to what it was before its first ADD, shared parts included: a shell script. */
  reset(at: NetworkPlace): string;
  /** Everything ADD makes, one by one. */
  readonly makes: readonly Made[];
  /** Calls whose failure ADD may survive, because what they do is not promised. */
  readonly tolerates?: readonly RegExp[];
  /** Looks at two attachments of one network with other eyes than the plugin's, and has them talk. */
  works(one: Attached, two: Attached): Promise<void>;
  /** What must be there before the first ADD. */
  prepare?(network: Network): Promise<void>;
}
