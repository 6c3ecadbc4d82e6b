import type { Filter, Qdisc, TrafficClass } from "../../kernel/tc.ts";
import type { Tbf } from "../../netlink/tc/tbf.ts";
import { type Form, hex, type LinkNames } from "./names.ts";

/** Ticks of the packet scheduler in a microsecond: a tick is 64 ns. `tc` drops the rest of a division. */
const TICKS_PER_US = 15.625;
const microseconds = (ticks: number): number => Math.trunc(ticks / TICKS_PER_US);
const bytesAt = (rate: number, ticks: number): number => Math.trunc((rate * microseconds(ticks)) / 1e6);

/** `tc -j qdisc`. Options of kinds that are not decoded are left out. */
export function qdiscForm(qdisc: Qdisc, nameOf: LinkNames): Form {
  return {
    kind: qdisc.kind,
    handle: qdisc.handle,
    dev: nameOf(qdisc.link),
    ...(qdisc.parent === "root"
      ? { root: true }
      : { parent: qdisc.parent === "ingress" ? "ffff:fff1" : qdisc.parent || undefined }),
    refcnt: qdisc.info === 1 ? undefined : qdisc.info,
    options: optionsForm(qdisc),
  };
}

function optionsForm({ attrs }: Qdisc): Form {
  switch (attrs.kind) {
    case "tbf":
      return attrs.data ? tbfForm(attrs.data) : {};
    case "htb": {
      const init = attrs.data?.init;
      return {
        r2q: init?.rate2quantum,
        default: init && hex(init.defaultClass),
        direct_packets_stat: init?.directPackets,
        direct_qlen: attrs.data?.directQlen,
      };
    }
    case "pfifo":
    case "bfifo":
      return { limit: attrs.data?.limit };
    case "pfifo_fast":
      return attrs.data ? { bands: attrs.data.bands, priomap: [...attrs.data.priorityMap], multiqueue: false } : {};
    default:
      return {};
  }
}

export const rateOf = (spec: { readonly rate: number } | undefined, rate64: bigint | undefined): number =>
  rate64 === undefined ? (spec?.rate ?? 0) : Number(rate64);

function tbfForm(data: Tbf): Form {
  const { parms } = data;
  if (!parms) return {};
  const rate = rateOf(parms.rate, data.rate64);
  const peak = rateOf(parms.peakrate, data.prate64);
  const latency = 1e6 * (parms.limit / rate) - microseconds(parms.buffer);
  return {
    rate,
    burst: bytesAt(rate, parms.buffer),
    peakrate: peak === 0 ? undefined : peak,
    ...(latency < 0 ? { limit: parms.limit } : { lat: Math.trunc(latency) }),
  };
}

/** What a class or filter says about itself in a line. */
export function classText({ attrs }: TrafficClass): string {
  if (attrs.kind !== "htb" || !attrs.data?.parms) return "";
  const { parms, rate64, ceil64 } = attrs.data;
  return `rate ${bits(rateOf(parms.rate, rate64))} ceil ${bits(rateOf(parms.ceil, ceil64))} prio ${parms.prio}`;
}

export function filterText({ attrs }: Filter, nameOf: LinkNames): string {
  if (attrs.kind !== "u32" || !attrs.data) return "";
  const { selector, actions = [], classId } = attrs.data;
  const words = (selector?.keys ?? []).map(
    ({ value, mask, off }) =>
      `match ${value.toString(16).padStart(8, "0")}/${mask.toString(16).padStart(8, "0")} at ${off}`,
  );
  if (classId !== undefined) words.push(`class ${classId.toString(16)}`);
  for (const action of Object.values(actions)) {
    if (action?.kind !== "mirred" || !action.data?.parms) continue;
    const { eaction, ifindex } = action.data.parms;
    words.push(`${MIRRED[eaction] ?? "mirred"} to ${nameOf(ifindex)}`);
  }
  return words.join(", ");
}

/** TCA_EGRESS_* and TCA_INGRESS_*, linux/tc_act/tc_mirred.h. */
const MIRRED: Readonly<Record<number, string>> = {
  1: "redirect egress",
  2: "mirror egress",
  3: "redirect ingress",
  4: "mirror ingress",
};

/** Bits per second as `tc` writes them: `1Mbit`. */
export function bits(bytesPerSec: number): string {
  let value = bytesPerSec * 8;
  for (const unit of ["bit", "Kbit", "Mbit", "Gbit"]) {
    if (value < 1000 || value % 1000 !== 0) return `${value}${unit}`;
    value /= 1000;
  }
  return `${value}Tbit`;
}

/** One line about a qdisc's own settings. */
export function qdiscText(qdisc: Qdisc): string {
  return Object.entries(optionsForm(qdisc))
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        `${key} ${key.endsWith("rate") ? bits(Number(value)) : key === "lat" ? `${Number(value) / 1000}ms` : String(value)}`,
    )
    .join(" ");
}
