import type {
  AttachmentRequest,
  CniResult,
  GcRequest,
  JsonObject,
  NetworkConfig,
  StatusRequest,
} from "../cni/types.ts";

/**
 * Address management as a main plugin sees it. Behind it stands one of our own IPAM plugins in this process, or a
 * foreign executable found in CNI_PATH; the composition root decides (design: "IPAM").
 */
export interface Ipam {
  /** Allocates; the result has `ips` (without `interface`), `routes`, `dns`. Undo is `del`. */
  add(req: AttachmentRequest<NetworkConfig>): Promise<CniResult>;
  /** Idempotent. */
  del(req: AttachmentRequest<NetworkConfig>): Promise<void>;
  check(req: AttachmentRequest<NetworkConfig>): Promise<void>;
  gc(req: GcRequest<NetworkConfig>): Promise<void>;
  status(req: StatusRequest<NetworkConfig>): Promise<void>;
}

/** Finds the IPAM of a config by `ipam.type`; throws CniError 7 when CNI_PATH has none of that name. */
export interface IpamProvider {
  /** @param config what an executed one gets on stdin; absent: the config as it came, byte for byte */
  of(type: string, config?: JsonObject): Ipam;
}
