import { AF } from "../netlink/rtnl/constants.ts";
import { RT_TABLE, RTPROT } from "../netlink/rtnl/route.const.ts";
import { FIB_RULE } from "../netlink/rtnl/rule.const.ts";
import { delRule, getRule, newRule } from "../netlink/rtnl/rule.ts";
import { change, NLM_F, type Request } from "../netlink/socket/index.ts";
import type { MessageOf } from "../netlink/wire/index.ts";
import { parsePrefix } from "./cidr.ts";
import type { KernelContext } from "./context.ts";

/** Which routing table packets use: `ip rule`. */
export interface RuleSpec {
  /** 4 when neither `from` nor `to` says it. */
  family?: 4 | 6 | undefined;
  /** The smaller comes first; chosen by the kernel when absent. */
  priority?: number | undefined;
  from?: string | undefined;
  to?: string | undefined;
  iif?: string | undefined;
  oif?: string | undefined;
  mark?: number | undefined;
  mask?: number | undefined;
  /** Matches what does not match. */
  not?: boolean | undefined;
  table?: number | undefined;
  action?: "table" | "goto" | "nop" | "blackhole" | "unreachable" | "prohibit" | undefined;
  goto?: number | undefined;
  /** Routes with a shorter or equal prefix do not count: 0 leaves out the default route. */
  suppressPrefixLength?: number | undefined;
  ipProto?: number | undefined;
  uidRange?: { start: number; end: number } | undefined;
  sportRange?: { start: number; end: number } | undefined;
  dportRange?: { start: number; end: number } | undefined;
  /** RTPROT_*: who made it. */
  protocol?: number | undefined;
}

export interface Rule extends RuleSpec {
  readonly family: 4 | 6;
  readonly priority: number;
  readonly attrs: MessageOf<typeof newRule>["attrs"];
}

export interface RuleVerbs {
  /** NetlinkError EEXIST when there is an equal one. */
  add(spec: RuleSpec): Promise<void>;
  /** Deletes the first that has what is given. NetlinkError ENOENT when there is none. */
  del(spec: RuleSpec): Promise<void>;
  list(family?: 4 | 6): Promise<Rule[]>;
}

export function ruleVerbs(ctx: KernelContext): RuleVerbs {
  return {
    add: (spec) => ctx.route().commit(ruleRequest(newRule, spec, NLM_F.CREATE | NLM_F.EXCL)),
    del: (spec) => ctx.route().commit(ruleRequest(delRule, spec, 0)),
    async list(family) {
      const families = family ? [family === 4 ? AF.INET : AF.INET6] : [AF.INET, AF.INET6];
      const lists: Rule[][] = [];
      for (const each of families)
        lists.push((await ctx.route().dump(getRule, { header: { family: each } }, newRule)).map(toRule));
      return lists.flat();
    },
  };
}

function ruleRequest(schema: typeof newRule, spec: RuleSpec, flags: number): Request {
  const from = spec.from === undefined ? undefined : parsePrefix(spec.from);
  const to = spec.to === undefined ? undefined : parsePrefix(spec.to);
  const family = from?.family ?? to?.family ?? (spec.family === 6 ? AF.INET6 : AF.INET);
  const deletes = schema === delRule;
  const table = spec.table ?? (spec.action === undefined && !deletes ? RT_TABLE.MAIN : undefined);
  return change(
    schema,
    {
      header: {
        family,
        srcLength: from?.length,
        dstLength: to?.length,
        table: table !== undefined && table < 256 ? table : RT_TABLE.UNSPEC,
        action: spec.action ?? (deletes ? undefined : "table"),
        flags: spec.not ? FIB_RULE.INVERT : 0,
      },
      attrs: {
        priority: spec.priority,
        protocol: spec.protocol ?? (deletes ? undefined : RTPROT.BOOT),
        src: from?.address,
        dst: to?.address,
        iifname: spec.iif,
        oifname: spec.oif,
        fwmark: spec.mark,
        fwmask: spec.mask,
        table: table !== undefined && table > 255 ? table : undefined,
        goto: spec.goto,
        suppressPrefixLength: spec.suppressPrefixLength,
        ipProto: spec.ipProto,
        uidRange: spec.uidRange,
        sportRange: spec.sportRange,
        dportRange: spec.dportRange,
      },
    },
    flags,
    spec.priority === undefined ? undefined : `${spec.priority}`,
  );
}

const ACTIONS: readonly string[] = ["table", "goto", "nop", "blackhole", "unreachable", "prohibit"];

export function toRule({ header, attrs }: MessageOf<typeof newRule>): Rule {
  const action = ACTIONS.find((name) => name === header.action) as RuleSpec["action"];
  return {
    family: header.family === AF.INET ? 4 : 6,
    priority: attrs.priority ?? 0,
    from: attrs.src === undefined ? undefined : `${attrs.src}/${header.srcLength}`,
    to: attrs.dst === undefined ? undefined : `${attrs.dst}/${header.dstLength}`,
    iif: attrs.iifname,
    oif: attrs.oifname,
    mark: attrs.fwmark,
    mask: attrs.fwmask,
    not: (header.flags & FIB_RULE.INVERT) !== 0,
    table: attrs.table ?? header.table,
    action,
    goto: attrs.goto,
    // The kernel always says it; all bits is none.
    suppressPrefixLength: attrs.suppressPrefixLength === 0xffff_ffff ? undefined : attrs.suppressPrefixLength,
    ipProto: attrs.ipProto,
    uidRange: attrs.uidRange,
    sportRange: attrs.sportRange,
    dportRange: attrs.dportRange,
    protocol: attrs.protocol,
    attrs,
  };
}
