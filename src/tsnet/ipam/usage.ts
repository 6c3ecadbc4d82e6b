import type { Range } from "../../../ipam/store/ranges.ts";
import { cidrContains, compareIp, formatCidr, formatIp, type Ip } from "../../ip/index.ts";
import type { Book } from "./books.ts";

/** How much of a range is given out. */
export interface Usage {
  readonly subnet: string;
  /** `10.1.0.2-10.1.0.254` */
  readonly range: string;
  /** Addresses that may be given out: the gateway is not among them. */
  readonly size: bigint;
  readonly used: number;
}

const inRange = ({ subnet, start, end }: Range, ip: Ip): boolean =>
  ip.family === start.family && cidrContains(subnet, ip) && compareIp(ip, start) >= 0 && compareIp(ip, end) <= 0;

export function usageOf({ sets = [], leases }: Book): Usage[] {
  return sets.flat().map((range) => {
    const all = range.end.value - range.start.value + 1n;
    return {
      subnet: formatCidr(range.subnet),
      range: `${formatIp(range.start)}-${formatIp(range.end)}`,
      size: all - (inRange(range, range.gateway) ? 1n : 0n),
      used: leases.filter(({ ip }) => inRange(range, ip)).length,
    };
  });
}

/** `25 %`; tenths where there is little. */
export function percent(used: number, size: bigint): string {
  if (size === 0n) return "-";
  const tenths = (BigInt(used) * 1000n) / size;
  return tenths >= 100n || tenths === 0n ? `${tenths / 10n} %` : `${tenths / 10n}.${tenths % 10n} %`;
}
