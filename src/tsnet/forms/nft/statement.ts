import { NFTA_LIST } from "../../../netlink/nft/constants.ts";
import type { AnyExpr } from "../../../netlink/nft/expr/all.ts";
import { allExpr } from "../../../netlink/nft/expr/all.ts";
import { list, nested, Source } from "../../../netlink/wire/index.ts";
import type { Form } from "../names.ts";
import { type ShowContext, showValue, T } from "./types.ts";

type Of<K extends string> = Extract<AnyExpr, { kind: K }> extends { data?: infer D } ? NonNullable<D> : never;

const number = (value: bigint | undefined): number => Number(value ?? 0n);

export const counterForm = (data: Of<"counter"> = {}): Form => ({
  counter: { packets: number(data.packets), bytes: number(data.bytes) },
});

const PER: Readonly<Record<string, string>> = { 1: "second", 60: "minute", 3600: "hour", 86400: "day", 604800: "week" };

/** Bytes in the largest unit that needs no fraction, as `nft` writes rates. */
function inUnit(bytes: number): [amount: number, unit: string] {
  if (bytes !== 0 && bytes % (1024 * 1024) === 0) return [bytes / (1024 * 1024), "mbytes"];
  if (bytes !== 0 && bytes % 1024 === 0) return [bytes / 1024, "kbytes"];
  return [bytes, "bytes"];
}

/** Fields of a limit, as a statement's and as a named object's. */
export function limitFields(data: Of<"limit">): Form {
  const per = PER[String(data.unit ?? 0n)];
  const inv = ((data.flags ?? 0) & 1) !== 0 ? true : undefined;
  if (data.type !== "bytes") return { rate: number(data.rate), burst: data.burst, per, inv };
  const [rate, rateUnit] = inUnit(number(data.rate));
  const [burst, burstUnit] = inUnit(data.burst ?? 0);
  return { rate, burst, per, inv, rate_unit: rateUnit, burst_unit: burstUnit };
}

const LEVELS = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"];
const WARNING = 4;
const LOG_FLAGS = [
  [1, "tcp sequence"],
  [2, "tcp options"],
  [4, "ip options"],
  [8, "skuid"],
  [32, "ether"],
] as const;
const LOG_ALL = 0x2f;

export function logForm(data: Of<"log">): Form {
  const flags = data.flags ?? 0;
  const names = LOG_FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  const fields: Form = {
    prefix: data.prefix,
    group: data.group,
    snaplen: data.group === undefined ? undefined : data.snaplen || undefined,
    "queue-threshold": data.qthreshold || undefined,
    level:
      data.group !== undefined || data.level === undefined || data.level === WARNING ? undefined : LEVELS[data.level],
    flags: flags === LOG_ALL ? "all" : names.length === 0 ? undefined : names.length === 1 ? names[0] : names,
  };
  return { log: Object.values(fields).some((value) => value !== undefined) ? fields : null };
}

export function rejectForm(
  data: Of<"reject">,
  family: string | number,
  network: string | undefined,
  context: ShowContext,
): Form {
  if (data.type === "tcpReset") return { reject: { type: "tcp reset" } };
  const code = new Uint8Array([data.code ?? 0]);
  if (data.type === "icmpx") return { reject: { type: "icmpx", expr: showValue(T.icmpxCode, code, context) } };
  const six = family === "ip6" || network === "ip6";
  return { reject: { type: six ? "icmpv6" : "icmp", expr: showValue(six ? T.icmpv6Code : T.icmpCode, code, context) } };
}

export function quotaFields(data: Of<"quota">): Form {
  const inv = ((data.flags ?? 0) & 1) !== 0 ? true : undefined;
  const [val, unit] = inUnit(number(data.bytes));
  const used = number(data.consumed);
  const [usedAmount, usedUnit] = inUnit(used);
  return { val, val_unit: unit, ...(used === 0 ? {} : { used: usedAmount, used_unit: usedUnit }), inv };
}

export function queueForm(data: Of<"queue">): Form {
  const flags = [...((data.flags ?? 0) & 1 ? ["bypass"] : []), ...((data.flags ?? 0) & 2 ? ["fanout"] : [])];
  const total = data.total ?? 1;
  const num = data.num ?? 0;
  const fields = {
    num: total > 1 ? { range: [num, num + total - 1] } : num,
    flags: flags.length === 0 ? undefined : flags.length === 1 ? flags[0] : flags,
  };
  return { queue: fields };
}

/** Kinds of named objects by NFT_OBJECT_*, and the statement that refers to one. */
export const OBJECTS: Readonly<Record<number, string>> = {
  1: "counter",
  2: "quota",
  3: "ct helper",
  4: "limit",
  6: "tunnel",
  7: "ct timeout",
  8: "secmark",
  9: "ct expectation",
  10: "synproxy",
};

const NAT_FLAGS = [
  [4, "random"],
  [16, "fully-random"],
  [8, "persistent"],
] as const;

/** NF_NAT_RANGE_*, linux/netfilter/nf_nat.h; a single one stands alone. */
export function natFlags(flags: number | undefined): unknown {
  const names = NAT_FLAGS.filter(([bit]) => ((flags ?? 0) & bit) !== 0).map(([, name]) => name);
  return names.length === 0 ? undefined : names.length === 1 ? names[0] : names;
}

/** Statements that stand alone: nothing in them comes from a register. */
export function simpleStatement(
  expr: AnyExpr,
  family: string | number,
  network: string | undefined,
  context: ShowContext,
): Form | undefined {
  switch (expr.kind) {
    case "counter":
      return counterForm(expr.data);
    case "limit":
      return expr.data && { limit: limitFields(expr.data) };
    case "log":
      return logForm(expr.data ?? {});
    case "reject":
      return expr.data && rejectForm(expr.data, family, network, context);
    case "quota":
      return expr.data && { quota: quotaFields(expr.data) };
    case "queue":
      return expr.data && expr.data.sregQnum === undefined ? queueForm(expr.data) : undefined;
    case "connlimit":
      return { "ct count": { val: expr.data?.count, inv: ((expr.data?.flags ?? 0) & 1) !== 0 ? true : undefined } };
    case "last":
      return { last: expr.data?.set ? { used: number(expr.data.msecs) } : null };
    case "notrack":
      return { notrack: null };
    case "flow_offload":
      return { flow: { op: "add", flowtable: `@${expr.data?.table}` } };
    case "match":
    case "target":
      // The form of nft 1.0.6, which names neither; ours does.
      return { xt: { type: expr.kind, name: expr.data?.name } };
    default:
      return undefined;
  }
}

const one = nested(allExpr);
const many = nested(list(NFTA_LIST.ELEM, nested(allExpr)));

/** Statements inside another, as bytes: those of sets that packets fill. */
export function innerStatements(
  data: { readonly expr?: Uint8Array | undefined; readonly expressions?: Uint8Array | undefined },
  context: ShowContext,
): Form[] | undefined {
  const exprs: AnyExpr[] = [];
  if (data.expr) exprs.push(one.read(new Source(data.expr), 0, data.expr.length));
  if (data.expressions) exprs.push(...many.read(new Source(data.expressions), 0, data.expressions.length));
  const forms = exprs
    .map((expr) => simpleStatement(expr, "inet", undefined, context))
    .filter((form) => form !== undefined);
  return forms.length === 0 ? undefined : forms;
}
