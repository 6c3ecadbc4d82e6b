import { RELEASE } from "../../../cni/release.ts";
import type { Ruleset, RulesetSet, RulesetTable } from "../../../kernel/nft-ruleset.ts";
import { counter } from "../../../netlink/nft/expr/counter.ts";
import { limit } from "../../../netlink/nft/expr/limit.ts";
import { quota } from "../../../netlink/nft/expr/quota.ts";
import { commentOf, NF_INET, NFT_DATA, NFT_SET, type NftChain, UDATA } from "../../../netlink/nft/index.ts";
import type { NftFlowtable, NftObject } from "../../../netlink/nft/object.ts";
import { type Codec, Source } from "../../../netlink/wire/index.ts";
import type { Form } from "../names.ts";
import { elementForms } from "./elements.ts";
import { ruleForms } from "./rule.ts";
import { innerStatements, limitFields, OBJECTS } from "./statement.ts";
import { type ShowContext, typesOf } from "./types.ts";

/** `nft -j list ruleset`: objects in its order, each under the name of its kind. */
export function rulesetForm(ruleset: Ruleset, context: ShowContext): { nftables: Form[] } {
  return {
    nftables: [
      { metainfo: { version: RELEASE, release_name: "tsnet", json_schema_version: 1 } },
      ...ruleset.tables.flatMap((table) => tableForms(table, context)),
    ],
  };
}

const number = (value: bigint | undefined): number | undefined => (value === undefined ? undefined : Number(value));

/** NFT_TABLE_F_*, linux/netfilter/nf_tables.h. */
const TABLE_FLAGS = [
  [1, "dormant"],
  [2, "owner"],
] as const;

export function tableForms(table: RulesetTable, context: ShowContext): Form[] {
  const { family, name } = table;
  const where = { family, table: name };
  const flags = TABLE_FLAGS.filter(([bit]) => ((table.table.flags ?? 0) & bit) !== 0).map(([, flag]) => flag);
  const sets = new Map(table.sets.map((each) => [each.set.name ?? "", each]));
  const rules = { ...context, family, sets };
  const byChain = Map.groupBy(table.rules, (rule) => rule.chain ?? "");
  return [
    {
      table: {
        family,
        name,
        handle: number(table.table.handle),
        flags: flags.length === 0 ? undefined : flags.length === 1 ? flags[0] : flags,
        comment: commentOf(table.table.userdata),
      },
    },
    ...table.objects.map((object) => objectForm(object, where)),
    ...table.sets.filter(isNamed).map((each) => setForm(each, where, context)),
    ...table.flowtables.map((flowtable) => flowtableForm(flowtable, where)),
    ...table.chains.map((chain) => ({ chain: chainFields(chain, where) })),
    ...table.chains.flatMap((chain) =>
      (byChain.get(chain.name ?? "") ?? []).map((rule) => ({
        rule: {
          ...where,
          chain: rule.chain,
          handle: number(rule.handle),
          comment: commentOf(rule.userdata),
          expr: ruleForms(rule, rules),
        },
      })),
    ),
  ];
}

interface Where {
  readonly family: string | number;
  readonly table: string;
}

const isNamed = ({ set }: RulesetSet): boolean => ((set.flags ?? 0) & NFT_SET.ANONYMOUS) === 0;

const HOOKS: Readonly<Record<number, string>> = {
  [NF_INET.PRE_ROUTING]: "prerouting",
  [NF_INET.LOCAL_IN]: "input",
  [NF_INET.FORWARD]: "forward",
  [NF_INET.LOCAL_OUT]: "output",
  [NF_INET.POST_ROUTING]: "postrouting",
  [NF_INET.INGRESS]: "ingress",
};

/** A family's own numbers: those of ARP and of devices. */
function hookName(family: string | number, hook: number | undefined): string | number | undefined {
  if (hook === undefined) return undefined;
  if (family === "arp") return hook === 0 ? "input" : "output";
  if (family === "netdev") return hook === 0 ? "ingress" : "egress";
  return HOOKS[hook] ?? hook;
}

export function chainFields(chain: NftChain, where: Where): Form {
  const { hook } = chain;
  const devices = hook?.devs ?? (hook?.dev === undefined ? [] : [hook.dev]);
  return {
    ...where,
    name: chain.name,
    handle: number(chain.handle),
    ...(hook
      ? {
          dev: devices.length === 0 ? undefined : devices.length === 1 ? devices[0] : devices,
          type: chain.type,
          hook: hookName(where.family, hook.hooknum),
          prio: hook.priority,
          policy: chain.policy,
        }
      : {}),
    comment: commentOf(chain.userdata),
  };
}

const SET_FLAGS = [
  [NFT_SET.CONSTANT, "constant"],
  [NFT_SET.INTERVAL, "interval"],
  [NFT_SET.TIMEOUT, "timeout"],
] as const;

const typeNames = (keyType: number): string[] => typesOf(keyType).map((type) => type.name);

function setForm(each: RulesetSet, where: Where, context: ShowContext): Form {
  const { set, elements } = each;
  const flags = set.flags ?? 0;
  const isMap = (flags & (NFT_SET.MAP | NFT_SET.OBJECT)) !== 0;
  const names = typeNames(set.keyType ?? 0);
  const forms = elements && elementForms(set, elements, context);
  const flagList = SET_FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  return {
    [isMap ? "map" : "set"]: {
      family: where.family,
      name: set.name,
      table: where.table,
      type: names.length === 1 ? names[0] : names,
      handle: number(set.handle),
      map: isMap ? dataName(set) : undefined,
      comment: commentOf(set.userdata, UDATA.SET_COMMENT),
      policy: set.policy === "memory" ? "memory" : undefined,
      size: set.desc?.size,
      flags: flagList.length === 0 ? undefined : flagList,
      timeout: set.timeout === undefined ? undefined : Number(set.timeout / 1000n),
      "gc-interval": set.gcInterval === undefined ? undefined : Math.trunc(set.gcInterval / 1000),
      elem: forms && forms.length > 0 ? forms : undefined,
      stmt: innerStatements({ expr: set.expr, expressions: set.expressions }, context),
    },
  };
}

const dataName = (set: RulesetSet["set"]): string =>
  ((set.flags ?? 0) & NFT_SET.OBJECT) !== 0
    ? (OBJECTS[set.objType ?? 0] ?? "object")
    : set.dataType === NFT_DATA.VERDICT
      ? "verdict"
      : typeNames(set.dataType ?? 0).join(" . ");

function decode<Out>(codec: Codec<Out, never>, bytes: Uint8Array | undefined): Out | undefined {
  return bytes && codec.read(new Source(bytes), 0, bytes.length);
}

function objectForm(object: NftObject, where: Where): Form {
  const kind = OBJECTS[object.type ?? 0] ?? "object";
  const head = {
    family: where.family,
    name: object.name,
    table: where.table,
    handle: number(object.handle),
    comment: commentOf(object.userdata),
  };
  if (kind === "counter") {
    const data = decode(counter, object.data);
    return { counter: { ...head, packets: Number(data?.packets ?? 0n), bytes: Number(data?.bytes ?? 0n) } };
  }
  if (kind === "quota") {
    const data = decode(quota, object.data);
    const inv = ((data?.flags ?? 0) & 1) !== 0 ? true : undefined;
    return { quota: { ...head, bytes: Number(data?.bytes ?? 0n), used: Number(data?.consumed ?? 0n), inv } };
  }
  if (kind === "limit") {
    const data = decode(limit, object.data);
    return { limit: { ...head, ...(data ? limitFields(data) : {}) } };
  }
  return { [kind]: head };
}

const flowtableForm = (flowtable: NftFlowtable, where: Where): Form => {
  const devs = flowtable.hook?.devs ?? [];
  return {
    flowtable: {
      family: where.family,
      name: flowtable.name,
      table: where.table,
      handle: number(flowtable.handle),
      hook: "ingress",
      prio: (flowtable.hook?.priority ?? 0) | 0,
      dev: devs.length === 1 ? devs[0] : devs,
    },
  };
};
