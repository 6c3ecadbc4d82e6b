import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { type Fields, fields } from "../../src/cni/keys.ts";
import type { NetworkConfig } from "../../src/cni/types.ts";
import { type Ip, parseIp } from "../../src/ip/index.ts";
import type { Condition } from "../../src/plugin/nat/condition.ts";
import type { Family, Protocol } from "../../src/plugin/nat/expressions.ts";
import { parseConditions } from "./conditions.ts";

/** One entry of `runtimeConfig.portMappings`. */
export interface PortMapping {
  readonly protocol: Protocol;
  readonly hostPort: number;
  readonly containerPort: number;
  /** Absent: every address of both families. `0.0.0.0` and `::`: every address of theirs. */
  readonly hostIp: Ip | undefined;
}

/** A checked portmap configuration. */
export interface PortmapConf extends NetworkConfig {
  /** Absent when the runtime says nothing about ports. */
  readonly mappings: readonly PortMapping[] | undefined;
  readonly snat: boolean;
  readonly masqAll: boolean;
  readonly conditions: Readonly<Record<Family, readonly Condition[]>>;
  /** Keys that are accepted and change nothing, for stderr. */
  readonly ignored: readonly string[];
}

const PROTOCOLS: readonly Protocol[] = ["tcp", "udp", "sctp"];
const PORT = { min: 1, max: 65_535 };

export function parse(conf: NetworkConfig, { lenient }: { lenient: boolean }): PortmapConf {
  const f = fields(conf.raw, "", lenient);
  return {
    ...conf,
    mappings: f
      .object("runtimeConfig")
      ?.objects("portMappings")
      ?.flatMap((entry) => mappingOf(entry, lenient) ?? []),
    snat: f.bool("snat") ?? true,
    masqAll: f.bool("masqAll") ?? false,
    conditions: lenient ? { 4: [], 6: [] } : { 4: conditionsOf(f, 4), 6: conditionsOf(f, 6) },
    ignored: lenient ? [] : ignoredKeys(f),
  };
}

function mappingOf(entry: Fields, lenient: boolean): PortMapping | undefined {
  const hostPort = entry.int("hostPort", PORT);
  const containerPort = entry.int("containerPort", PORT);
  const protocolText = entry.string("protocol")?.toLowerCase() || "tcp";
  const protocol = PROTOCOLS.find((p) => p === protocolText);
  const hostIpText = entry.string("hostIP");
  const hostIp = hostIpText ? parseIp(hostIpText) : undefined;
  if (!lenient) {
    if (hostPort === undefined) throw entry.wrong("hostPort", "an integer from 1 to 65535");
    if (containerPort === undefined) throw entry.wrong("containerPort", "an integer from 1 to 65535");
    if (protocol === undefined) throw entry.wrong("protocol", '"tcp", "udp" or "sctp"');
    if (hostIpText && !hostIp) throw entry.wrong("hostIP", "an IP address");
  }
  // DEL looks a port up by what it listens on; where it led does not matter any more.
  if (hostPort === undefined || protocol === undefined || (hostIpText && !hostIp)) return undefined;
  return { protocol, hostPort, containerPort: containerPort ?? 0, hostIp };
}

function conditionsOf(f: Fields, family: Family): Condition[] {
  const key = family === 4 ? "conditionsV4" : "conditionsV6";
  return parseConditions(key, f.strings(key) ?? [], family);
}

/** Keys that choose and tune the reference's back-ends. */
function ignoredKeys(f: Fields): string[] {
  const ignored: string[] = [];
  const backend = f.string("backend");
  if (backend !== undefined && backend !== "" && backend !== "iptables" && backend !== "nftables")
    throw f.wrong("backend", '"iptables" or "nftables"');
  if (backend === "iptables") ignored.push("backend");
  const bit = f.int("markMasqBit", { min: 0, max: 31 });
  if (bit !== undefined) ignored.push("markMasqBit");
  if (f.string("externalSetMarkChain")) ignored.push("externalSetMarkChain");
  if (bit !== undefined && f.string("externalSetMarkChain"))
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      'keys "markMasqBit" and "externalSetMarkChain" exclude each other',
      "remove one of them; tsnet needs neither",
    );
  return ignored;
}
