import type { RulesetSet } from "../../../kernel/nft-ruleset.ts";
import type { AnyExpr, AnyRule } from "../../../netlink/nft/expr/all.ts";
import { NFT_SET, NFTA_FIB_F } from "../../../netlink/nft/index.ts";
import type { Form } from "../names.ts";
import { flagNames } from "../names.ts";
import { elementForms, verdictForm } from "./elements.ts";
import { exthdrValue } from "./exthdr.ts";
import { Headers } from "./headers.ts";
import { compareForms, editedField, leftForm, masked, matchForm, payloadForm, rightForm } from "./match.ts";
import { CT, ctForm, ctValue, META, metaForm, metaValue } from "./meta.ts";
import { fieldAt, fieldFrom, fieldsFilling } from "./payload.ts";
import { innerStatements, natFlags, OBJECTS, simpleStatement } from "./statement.ts";
import { type DataType, type ShowContext, showValue, T, toNumber, typesOf } from "./types.ts";
import { plain, Registers, unknownForm, unknownValue, type Value } from "./value.ts";

export interface RuleContext extends ShowContext {
  readonly family: string | number;
  /** Sets of the table by name. */
  readonly sets: ReadonlyMap<string, RulesetSet>;
}

const BASES: Readonly<Record<string, string>> = { link: "ll", network: "nh", transport: "th", inner: "ih" };

/** A rule's expressions as the statements that `nft -j` makes of them. */
export const ruleForms = (rule: AnyRule, context: RuleContext): Form[] =>
  new Reader(context).read(rule.expressions ?? []);

/** A `>=` that may turn out to be the lower half of a range. */
interface Low {
  readonly value: Value;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * Reads expressions in order: those that load fill registers, those that compare or act become statements. A comparison that
 * only says which header comes next goes when that header is read, as nobody wrote it.
 */
class Reader {
  readonly #context: RuleContext;
  readonly #registers = new Registers();
  readonly #statements: (Form | undefined)[] = [];
  readonly #headers: Headers;
  /** The last comparison, when it may be the lower half of a range. */
  #low: Low | undefined;

  constructor(context: RuleContext) {
    this.#context = context;
    this.#headers = new Headers(context.family, (at) => {
      this.#statements[at] = undefined;
    });
  }

  read(exprs: readonly AnyExpr[]): Form[] {
    for (const expr of exprs) {
      const low = this.#low;
      this.#low = undefined;
      this.#one(expr, low);
    }
    return this.#statements.filter((form) => form !== undefined);
  }

  #say(...forms: Form[]): void {
    this.#statements.push(...forms);
    // Only comparisons before other comparisons can be what a later one needs.
    if (forms.some((form) => !Object.hasOwn(form, "match"))) this.#headers.keepAll();
  }

  #one(expr: AnyExpr, low: Low | undefined): void {
    const simple = simpleStatement(expr, this.#context.family, this.#headers.network, this.#context);
    if (simple) {
      if (expr.kind === "reject" && expr.data?.type === "icmp") this.#headers.answered();
      this.#say(simple);
      return;
    }
    switch (expr.kind) {
      case "payload":
        if (expr.data?.sreg === undefined) this.#load(expr);
        else this.#store(expr);
        break;
      case "meta":
        this.#meta(expr);
        break;
      case "ct":
        this.#ct(expr);
        break;
      case "cmp":
        this.#compare(expr, low);
        break;
      case "range":
        this.#range(expr);
        break;
      case "bitwise":
        this.#bitwise(expr);
        break;
      case "byteorder":
        this.#byteorder(expr);
        break;
      case "lookup":
        this.#lookup(expr);
        break;
      case "immediate":
        this.#immediate(expr);
        break;
      case "fib":
        this.#fib(expr);
        break;
      case "nat":
      case "masq":
      case "redir":
        this.#nat(expr);
        break;
      case "dynset":
        this.#dynset(expr);
        break;
      case "objref":
        this.#objref(expr);
        break;
      case "exthdr":
        this.#exthdr(expr);
        break;
      default:
        this.#other(expr);
        break;
    }
  }

  #load({ data }: Of<"payload">): void {
    const { base, offset = 0, len = 0, dreg } = data ?? {};
    const [at, bits] = [offset * 8, len * 8];
    const protocol = this.#headers.protocolAt(base, at);
    if (protocol !== undefined) this.#headers.reached(base, protocol);
    const raw = { payload: { base: BASES[String(base)] ?? base, offset: at, len: bits } };
    const value: Value = { form: raw, type: T.integer, length: len, network: true, raw: { protocol, offset: at } };
    const exact = protocol === undefined ? undefined : fieldAt(protocol, at, bits);
    const begins = protocol === undefined || exact ? undefined : fieldFrom(protocol, at, bits);
    const several = protocol === undefined || exact || begins ? undefined : fieldsFilling(protocol, at, bits);
    if (exact) {
      const tells =
        exact.protocol === "ip" && exact.field === "protocol"
          ? "transport"
          : exact.protocol === "ip6" && exact.field === "nexthdr"
            ? "transport"
            : exact.type === T.etherType && (exact.protocol === "ether" || exact.protocol === "vlan")
              ? "etherType"
              : undefined;
      this.#registers.set(dreg, {
        ...value,
        form: payloadForm(exact),
        type: exact.type,
        ...(tells === undefined ? {} : { tells }),
      });
    } else if (begins) this.#registers.set(dreg, { ...value, form: payloadForm(begins), type: begins.type });
    else this.#registers.set(dreg, several ? { ...value, fields: several } : value);
  }

  #store({ data }: Of<"payload">): void {
    const { base, offset = 0, len = 0, sreg } = data ?? {};
    const protocol = this.#headers.protocolAt(base, offset * 8);
    if (protocol !== undefined) this.#headers.reached(base, protocol);
    const stored = this.#registers.get(sreg);
    const edited = stored && editedField(stored, this.#context);
    if (edited) {
      this.#say({ mangle: { key: edited.form, value: edited.value } });
      return;
    }
    const field = protocol === undefined ? undefined : fieldAt(protocol, offset * 8, len * 8);
    const key = field
      ? payloadForm(field)
      : { payload: { base: BASES[String(base)], offset: offset * 8, len: len * 8 } };
    this.#say({ mangle: { key, value: this.#stored(sreg, field?.type ?? T.integer) } });
  }

  #meta({ data }: Of<"meta">): void {
    const { key, dreg, sreg } = data ?? {};
    if (sreg === undefined) {
      this.#registers.set(dreg, metaValue(key) ?? unknownValue(`meta ${key}`));
      return;
    }
    const type = META[String(key)] ?? T.hostInteger;
    this.#say({ mangle: { key: metaForm(String(key)), value: this.#stored(sreg, type) } });
  }

  #ct({ data }: Of<"ct">): void {
    const { key, dreg, sreg, direction } = data ?? {};
    if (sreg === undefined) {
      this.#registers.set(dreg, ctValue(key, direction) ?? unknownValue(`ct ${key}`));
      return;
    }
    const type = CT[String(key)] ?? T.hostInteger;
    this.#say({ mangle: { key: ctForm(String(key), direction), value: this.#stored(sreg, type) } });
  }

  /** What goes from a register to a place of that type. */
  #stored(register: number | undefined, type: DataType): unknown {
    const value = this.#registers.get(register);
    if (!value) return unknownForm("register");
    return value.constant ? showValue(type, value.constant, this.#context) : leftForm(value, this.#context);
  }

  #compare({ data }: Of<"cmp">, low: Low | undefined): void {
    const value = this.#registers.get(data?.sreg);
    const bytes = data?.data?.value;
    if (!data || !value || !bytes) {
      this.#say(unknownForm("cmp"));
      return;
    }
    if (low?.value === value && data.op === "lte") {
      const range = { range: [rightForm(value, low.bytes, this.#context), rightForm(value, bytes, this.#context)] };
      this.#statements[low.at] = matchForm("==", leftForm(value, this.#context), range);
      return;
    }
    const at = this.#statements.length;
    this.#say(...compareForms(value, data.op, bytes, this.#context));
    if (data.op === "gte") this.#low = { value, at, bytes };
    if (data.op === "eq" && value.tells !== undefined) {
      const alone = !value.raw || ["ip", "ip6"].includes(String(this.#context.family));
      this.#headers.learn(value.tells, Number(toNumber(bytes, value.network)), at, alone);
    }
    if (data.op === "eq" && value.fields) this.#headers.learnFields(value.fields, bytes);
  }

  #range({ data }: Of<"range">): void {
    const value = this.#registers.get(data?.sreg);
    const [from, to] = [data?.from?.value, data?.to?.value];
    if (!data || !value || !from || !to) {
      this.#say(unknownForm("range"));
      return;
    }
    const right = { range: [rightForm(value, from, this.#context), rightForm(value, to, this.#context)] };
    this.#say(matchForm(data.op === "neq" ? "!=" : "==", leftForm(value, this.#context), right));
  }

  #bitwise({ data }: Of<"bitwise">): void {
    const value = this.#registers.get(data?.sreg);
    if (!value || !data) return;
    const { mask, xor, op } = data;
    if (op === "lshift" || op === "rshift") {
      const by = data.data?.value ? Number(toNumber(data.data.value, false)) : 0;
      const form = { [op === "lshift" ? "<<" : ">>"]: [leftForm(value, this.#context), by] };
      this.#registers.set(data.dreg, { ...plain(form, value.type, value.length), network: value.network });
    } else if (mask?.value && xor?.value)
      this.#registers.set(data.dreg, masked(value, mask.value, xor.value, this.#context));
    else this.#registers.set(data.dreg, unknownValue("bitwise"));
  }

  #byteorder({ data }: Of<"byteorder">): void {
    const value = this.#registers.get(data?.sreg);
    if (value) this.#registers.set(data?.dreg, { ...value, network: data?.op === "hton" });
  }

  #lookup({ data }: Of<"lookup">): void {
    const set = this.#context.sets.get(data?.set ?? "");
    const values = this.#registers.run(data?.sreg, set?.set.keyLen ?? 4);
    const [first] = values;
    if (!first || !set) {
      this.#say(unknownForm("lookup"));
      return;
    }
    const left = this.#key(values);
    const content = this.#content(
      set,
      values.map((value) => value.type),
    );
    if (data?.dreg === undefined) {
      const op = ((data?.flags ?? 0) & 1) !== 0 ? "!=" : "==";
      this.#say(matchForm(op, left, content));
    } else if (data.dreg === 0) this.#say({ vmap: { key: left, data: content } });
    else {
      const parts = typesOf(set.set.dataType ?? 0);
      const value = plain({ map: { key: left, data: content } }, parts[0] ?? T.integer, set.set.dataLen ?? 4);
      this.#registers.set(data.dreg, { ...value, parts });
    }
  }

  #key(values: readonly Value[]): unknown {
    const forms = values.map((value) => leftForm(value, this.#context));
    return forms.length === 1 ? forms[0] : { concat: forms };
  }

  /** A set by name, or what an anonymous one holds. */
  #content({ set, elements = [] }: RulesetSet, left: readonly DataType[]): unknown {
    if (((set.flags ?? 0) & NFT_SET.ANONYMOUS) === 0) return `@${set.name}`;
    return { set: elementForms(set, elements, this.#context, left) };
  }

  #immediate({ data }: Of<"immediate">): void {
    const { dreg, data: content } = data ?? {};
    if (content?.verdict) this.#say(verdictForm(content.verdict));
    else if (content?.value) {
      const { value } = content;
      const form = showValue(T.integer, value, this.#context);
      this.#registers.set(dreg, { form, type: T.integer, length: value.length, network: true, constant: value });
    }
  }

  #fib({ data }: Of<"fib">): void {
    const flags = data?.flags ?? 0;
    const result = String(data?.result);
    const present = (flags & NFTA_FIB_F.PRESENT) !== 0;
    const type = present ? T.boolean : result === "type" ? T.fibAddr : result === "oif" ? T.ifIndex : T.ifName;
    this.#registers.set(data?.dreg, plain({ fib: { result, flags: flagNames(FIB_FLAGS, flags) } }, type));
  }

  #nat(expr: Of<"nat"> | Of<"masq"> | Of<"redir">): void {
    const name = expr.kind === "nat" ? (expr.data?.type ?? "nat") : expr.kind === "masq" ? "masquerade" : "redirect";
    const fields: Record<string, unknown> = {};
    if (expr.kind === "nat" && expr.data) {
      const { addrMin, addrMax, family } = expr.data;
      const several = (this.#registers.get(addrMin)?.parts?.length ?? 1) > 1;
      if (this.#context.family === "inet" || several) fields["family"] = family;
      if (addrMin !== undefined) fields["addr"] = this.#span(addrMin, addrMax, family === "ip6" ? T.ipv6 : T.ipv4);
    }
    const { protoMin, protoMax, flags } = expr.data ?? {};
    if (protoMin !== undefined && this.#registers.get(protoMin) !== undefined)
      fields["port"] = this.#span(protoMin, protoMax, T.inetService);
    const names = natFlags(flags);
    if (names !== undefined) fields["flags"] = names;
    this.#say({ [String(name)]: Object.keys(fields).length === 0 ? null : fields });
  }

  #span(min: number, max: number | undefined, type: DataType): unknown {
    const low = this.#stored(min, type);
    if (max === undefined || max === min) return low;
    const high = this.#stored(max, type);
    return JSON.stringify(low) === JSON.stringify(high) ? low : { range: [low, high] };
  }

  #dynset({ data }: Of<"dynset">): void {
    const set = this.#context.sets.get(data?.setName ?? "");
    const key = this.#key(this.#registers.run(data?.sregKey, set?.set.keyLen ?? 4));
    const timeout = data?.timeout ? Number(data.timeout / 1000n) : undefined;
    const elem = timeout === undefined ? key : { elem: { val: key, timeout } };
    const stmt = innerStatements(data ?? {}, this.#context);
    const name = `@${data?.setName}`;
    if (data?.sregData === undefined) this.#say({ set: { op: data?.op, elem, set: name, stmt } });
    else {
      const value = this.#stored(data.sregData, typesOf(set?.set.dataType ?? 0)[0] ?? T.integer);
      this.#say({ map: { op: data.op, elem, data: value, map: name, stmt } });
    }
  }

  #objref({ data }: Of<"objref">): void {
    if (data?.name !== undefined) {
      this.#say({ [OBJECTS[data.type ?? 0] ?? "object"]: data.name });
      return;
    }
    const set = this.#context.sets.get(data?.setName ?? "");
    const values = this.#registers.run(data?.setSreg, set?.set.keyLen ?? 4);
    const content = set
      ? this.#content(
          set,
          values.map((value) => value.type),
        )
      : `@${data?.setName}`;
    this.#say({ [OBJECTS[set?.set.objType ?? 0] ?? "object"]: { map: { key: this.#key(values), data: content } } });
  }

  #exthdr({ data }: Of<"exthdr">): void {
    const value = data && exthdrValue(data);
    if (data?.sreg === undefined) this.#registers.set(data?.dreg, value ?? unknownValue("exthdr"));
    else
      this.#say({
        mangle: { key: value?.form ?? unknownForm("exthdr"), value: this.#stored(data.sreg, value?.type ?? T.integer) },
      });
  }

  /** Loads of rarer things; everything else is named, not guessed. */
  #other(expr: AnyExpr): void {
    switch (expr.kind) {
      case "rt": {
        const key = String(expr.data?.key);
        const type =
          key === "classid" ? T.realm : key === "ip nexthop" ? T.ipv4 : key === "ip6 nexthop" ? T.ipv6 : T.hostInteger;
        const [family, name] = key.split(" ");
        const form = name === undefined ? { rt: { key } } : { rt: { key: name, family } };
        this.#registers.set(expr.data?.dreg, plain(form, type, type.size || 2));
        return;
      }
      case "socket": {
        const key = String(expr.data?.key);
        const type = key === "mark" ? T.mark : T.hostInteger;
        this.#registers.set(expr.data?.dreg, plain({ socket: { key } }, type, type.size || 1));
        return;
      }
      case "numgen": {
        const { type, modulus, offset = 0 } = expr.data ?? {};
        const form = { numgen: { mode: type, mod: modulus, offset } };
        this.#registers.set(expr.data?.dreg, plain(form, T.hostInteger, 4));
        return;
      }
      case "hash": {
        const { type, modulus, offset = 0, seed, sreg, len } = expr.data ?? {};
        const form =
          type === "symhash"
            ? { symhash: { mod: modulus, offset: offset || undefined } }
            : {
                jhash: {
                  mod: modulus,
                  offset: offset || undefined,
                  seed,
                  expr: this.#key(this.#registers.run(sreg, len ?? 4)),
                },
              };
        this.#registers.set(expr.data?.dreg, plain(form, T.hostInteger, 4));
        return;
      }
      default: {
        const kind = expr.kind === "unknown" ? expr.kindName : String(expr.kind);
        this.#say(unknownForm(kind));
      }
    }
  }
}

type Of<K extends string> = Extract<AnyExpr, { kind: K }>;

const FIB_FLAGS = [
  [NFTA_FIB_F.SADDR, "saddr"],
  [NFTA_FIB_F.DADDR, "daddr"],
  [NFTA_FIB_F.MARK, "mark"],
  [NFTA_FIB_F.IIF, "iif"],
  [NFTA_FIB_F.OIF, "oif"],
] as const;
