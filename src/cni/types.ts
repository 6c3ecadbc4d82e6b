/**
 * Values of the CNI specification 1.1.0 as the rest of this project handles them: always the newest form. Older result
 * forms exist only at the edge (`convert.ts`).
 */

export const CNI_VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;
export type CniVersion = (typeof CNI_VERSIONS)[number];

export type CniCommand = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS" | "VERSION";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface CniInterface {
  name: string;
  mac?: string | undefined;
  /** Bytes. */
  mtu?: number | undefined;
  /** Network namespace path; absent for an interface of the host. */
  sandbox?: string | undefined;
  socketPath?: string | undefined;
  pciID?: string | undefined;
}

export interface CniIp {
  /** CIDR, e.g. `10.1.0.5/16`. */
  address: string;
  gateway?: string | undefined;
  /** Index into `interfaces`. */
  interface?: number | undefined;
}

export interface CniRoute {
  /** CIDR. */
  dst: string;
  gw?: string | undefined;
  mtu?: number | undefined;
  advmss?: number | undefined;
  priority?: number | undefined;
  table?: number | undefined;
  /** 0 universe, 253 link, 254 host (linux/rtnetlink.h `rt_scope_t`). */
  scope?: number | undefined;
}

export interface CniDns {
  nameservers?: string[] | undefined;
  domain?: string | undefined;
  search?: string[] | undefined;
  options?: string[] | undefined;
}

export interface CniResult {
  interfaces?: CniInterface[] | undefined;
  ips?: CniIp[] | undefined;
  routes?: CniRoute[] | undefined;
  dns?: CniDns | undefined;
}

/** One still valid attachment, as the runtime lists them for GC. */
export interface CniAttachment {
  containerID: string;
  ifname: string;
}

/**
 * A plugin's network configuration after the frame has checked its common part. Everything else of the object stays in
 * `raw`, where keys were matched to the plugin's own without regard to case (`keys.ts`), as the reference's JSON does.
 */
export interface NetworkConfig {
  cniVersion: CniVersion;
  name: string;
  type: string;
  prevResult?: CniResult | undefined;
  /** The object as it came, prevResult included. */
  raw: JsonObject;
}

/** CNI_ARGS and the attachment, for ADD, DEL and CHECK. */
export interface AttachmentRequest<C = NetworkConfig> {
  conf: C;
  containerId: string;
  ifName: string;
  /**
   * `CNI_NETNS` resolved against the caller's folder. Empty when DEL came without, or with a path that leads to no
   * namespace or to the host's own: both count as gone.
   */
  netns: string;
  /** `CNI_ARGS` as it came; parsed by those who use it (`args.ts`). */
  args: string;
}

export interface GcRequest<C = NetworkConfig> {
  conf: C;
  validAttachments: CniAttachment[];
}

export interface StatusRequest<C = NetworkConfig> {
  conf: C;
}
