import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { type Fields, fields, hasKey } from "../../src/cni/keys.ts";
import type { NetworkConfig } from "../../src/cni/types.ts";
import { type Cidr, cidrProblem, networkCidr, parseCidr } from "../../src/ip/index.ts";

/** How fast, and how much at once. */
export interface Rate {
  readonly rateBytesPerSec: number;
  readonly burstBytes: number;
}

/** Which of the other side's addresses the limits are for. */
export interface Subnets {
  /** The listed ones are `exempt`, or the `only` ones that are shaped. */
  readonly are: "exempt" | "only";
  readonly list: readonly Cidr[];
}

/** A checked bandwidth configuration. Absent is without a limit. */
export interface BandwidthConf extends NetworkConfig {
  /** Towards the container. */
  readonly ingress: Rate | undefined;
  /** From the container. */
  readonly egress: Rate | undefined;
  /** Absent: all traffic is shaped. */
  readonly subnets: Subnets | undefined;
}

const RATES = ["ingressRate", "ingressBurst", "egressRate", "egressBurst"] as const;
const SUBNETS = ["shapedSubnets", "unshapedSubnets"] as const;

/** The reference's limit: a burst of fewer than 2^32 - 1 bytes. */
const MAX_BURST_BITS = 8 * (2 ** 32 - 1) - 1;
/** Each is a filter that packets are compared with one after the other. */
const MAX_SUBNETS = 256;

/** DEL and GC go by names alone and need nothing of it. */
export function parse(conf: NetworkConfig, { lenient }: { lenient: boolean }): BandwidthConf {
  if (lenient) return { ...conf, ingress: undefined, egress: undefined, subnets: undefined };
  const f = fields(conf.raw);
  // As in the reference: one key at the top hides all that the runtime says.
  const atTop = [...RATES, ...SUBNETS].some((key) => hasKey(conf.raw, key));
  const from = atTop ? f : f.object("runtimeConfig")?.object("bandwidth");
  return {
    ...conf,
    ingress: from && rateOf(from, "ingressRate", "ingressBurst"),
    egress: from && rateOf(from, "egressRate", "egressBurst"),
    subnets: from && subnetsOf(from),
  };
}

/** Bits in the config, bytes in the kernel. */
function rateOf(f: Fields, rateKey: (typeof RATES)[number], burstKey: (typeof RATES)[number]): Rate | undefined {
  const rate = f.int(rateKey, { min: 0 }) ?? 0;
  const burst = f.int(burstKey, { min: 0, max: MAX_BURST_BITS }) ?? 0;
  if (rate === 0 && burst === 0) return undefined;
  if (rate < 8) throw f.wrong(rateKey, `at least 8 bits per second beside "${burstKey}"`);
  if (burst < 8) throw f.wrong(burstKey, `at least 8 bits beside "${rateKey}"`);
  return { rateBytesPerSec: Math.trunc(rate / 8), burstBytes: Math.trunc(burst / 8) };
}

function subnetsOf(f: Fields): Subnets | undefined {
  const [only = [], exempt = []] = SUBNETS.map((key) => f.strings(key)?.map((text, i) => subnetOf(f, key, text, i)));
  if (only.length > 0 && exempt.length > 0)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `keys "${f.pathOf("shapedSubnets")}" and "${f.pathOf("unshapedSubnets")}" exclude each other`,
      "name either the subnets that are shaped or those that are not",
    );
  const list = only.length > 0 ? only : exempt;
  if (list.length > MAX_SUBNETS)
    throw new CniError(
      CNI_CODE.INVALID_NETWORK_CONFIG,
      `key "${f.pathOf(only.length > 0 ? "shapedSubnets" : "unshapedSubnets")}": ${list.length} subnets`,
      `each packet is compared with all of them: name at most ${MAX_SUBNETS}, larger ones`,
    );
  return list.length === 0 ? undefined : { are: only.length > 0 ? "only" : "exempt", list };
}

function subnetOf(f: Fields, key: string, text: string, i: number): Cidr {
  const cidr = parseCidr(text);
  if (cidr) return networkCidr(cidr);
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    `key "${f.pathOf(key)}[${i}]": Cannot parse subnet ${JSON.stringify(text)}: ${cidrProblem(text)}`,
    "form: 10.0.0.0/8 or fd00::/8",
  );
}
