import { type Ip, ipFromBytes } from "../../../ip/index.ts";
import type { RulesetTable } from "../../../kernel/nft-ruleset.ts";
import type { AnyExpr, AnyRule } from "../../../netlink/nft/expr/all.ts";
import { NFTA_FIB_F, type Verdict } from "../../../netlink/nft/index.ts";
import { RTN } from "../../../netlink/rtnl/route.const.ts";
import { CannotTell } from "./cannot-tell.ts";
import { headerBytes, type Packet } from "./packet.ts";
import { compareBytes, findElement } from "./sets.ts";
import { xtMatches, xtTarget } from "./xt.ts";

/** What is known of the namespace besides its rules. */
export interface Ground {
  isLocal(ip: Ip): boolean;
}

/** What a rule says of a packet: nothing (it does not match, or only counts), or a verdict. */
export type Said = { readonly code: Verdict["code"]; readonly chain?: string | undefined } | undefined;

/** Registers lie over each other: 1…4 have 16 bytes each, 8… four (linux/netfilter/nf_tables.h, enum nft_registers). */
class Registers {
  readonly #bytes = new Uint8Array(80);

  #at(register: number): number {
    return register < 8 ? register * 16 : 16 + (register - 8) * 4;
  }

  read(register: number | undefined, length: number): Uint8Array {
    const at = this.#at(register ?? 0);
    if (at + length > this.#bytes.length) throw new CannotTell(`register ${register}`);
    return this.#bytes.slice(at, at + length);
  }

  /** The rest of the last four bytes is zero, as the kernel leaves it. */
  write(register: number | undefined, value: Uint8Array): void {
    const at = this.#at(register ?? 0);
    const end = at + ((value.length + 3) & ~3);
    if (end > this.#bytes.length) throw new CannotTell(`register ${register}`);
    this.#bytes.fill(0, at, end);
    this.#bytes.set(value, at);
  }
}

/** Evaluates one rule. @throws CannotTell with the first expression that is not evaluated */
export function evaluateRule(rule: AnyRule, table: RulesetTable, p: Packet, ground: Ground): Said {
  const registers = new Registers();
  for (const expression of rule.expressions ?? []) {
    const said = evaluate(expression, registers, table, p, ground);
    if (said === "no") return undefined;
    if (said !== "yes") return said;
  }
  return undefined;
}

const le32 = (n: number): Uint8Array => Uint8Array.of(n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255);
const readLe32 = (b: Uint8Array): number =>
  ((b[0] ?? 0) | ((b[1] ?? 0) << 8) | ((b[2] ?? 0) << 16) | ((b[3] ?? 0) << 24)) >>> 0;
const be16 = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 255);

/** `yes`: the rule goes on; `no`: it does not match. */
function evaluate(
  e: AnyExpr,
  registers: Registers,
  table: RulesetTable,
  p: Packet,
  ground: Ground,
): "yes" | "no" | NonNullable<Said> {
  const on = (matches: boolean): "yes" | "no" => (matches ? "yes" : "no");
  switch (e.kind) {
    case "payload": {
      const { dreg, base, offset = 0, len = 0, sreg } = e.data ?? {};
      const bytes = sreg === undefined ? headerBytes(p, base, offset, len) : undefined;
      if (!bytes) throw new CannotTell(`payload ${base} header, ${len} bytes at ${offset}`);
      registers.write(dreg, bytes);
      return "yes";
    }
    case "meta": {
      const { key, dreg, sreg } = e.data ?? {};
      if (sreg !== undefined) {
        if (key === "mark") p.mark = readLe32(registers.read(sreg, 4));
        // Other things that are set decide nothing that is looked at here.
        return "yes";
      }
      registers.write(dreg, metaBytes(key, p));
      return "yes";
    }
    case "ct": {
      const { key, dreg, sreg, direction } = e.data ?? {};
      if (sreg !== undefined) {
        if (key === "mark") p.ctMark = readLe32(registers.read(sreg, 4));
        return "yes";
      }
      registers.write(dreg, ctBytes(key, direction, p));
      return "yes";
    }
    case "fib": {
      const { dreg, result, flags = 0 } = e.data ?? {};
      const plain = flags === NFTA_FIB_F.DADDR || flags === NFTA_FIB_F.SADDR;
      if (result !== "type" || !plain) throw new CannotTell(`fib ${result} with flags ${flags}`);
      const address = flags === NFTA_FIB_F.DADDR ? p.dst : p.src;
      registers.write(dreg, le32(ground.isLocal(address) ? RTN.LOCAL : RTN.UNICAST));
      return "yes";
    }
    case "cmp": {
      const value = e.data?.data?.value ?? new Uint8Array();
      const order = compareBytes(registers.read(e.data?.sreg, value.length), value);
      const op = e.data?.op;
      if (op === "eq") return on(order === 0);
      if (op === "neq") return on(order !== 0);
      if (op === "lt") return on(order < 0);
      if (op === "lte") return on(order <= 0);
      if (op === "gt") return on(order > 0);
      if (op === "gte") return on(order >= 0);
      throw new CannotTell(`cmp ${op}`);
    }
    case "range": {
      const [from, to] = [e.data?.from?.value, e.data?.to?.value];
      if (!from || !to) throw new CannotTell("range");
      const value = registers.read(e.data?.sreg, from.length);
      const inside = compareBytes(from, value) <= 0 && compareBytes(value, to) <= 0;
      return on(inside === (e.data?.op !== "neq"));
    }
    case "bitwise": {
      const { sreg, dreg, len = 0, op, mask, xor } = e.data ?? {};
      if ((op !== undefined && op !== "maskXor") || !mask?.value) throw new CannotTell(`bitwise ${op}`);
      const [m, x] = [mask.value, xor?.value ?? new Uint8Array(len)];
      registers.write(
        dreg,
        registers.read(sreg, len).map((byte, i) => (byte & (m[i] ?? 0)) ^ (x[i] ?? 0)),
      );
      return "yes";
    }
    case "lookup": {
      const { set: name, sreg, dreg, flags = 0 } = e.data ?? {};
      const set = table.sets.find((each) => each.set.name === name);
      const found = set && findElement(set, registers.read(sreg, set.set.keyLen ?? 0));
      if (found === undefined) throw new CannotTell(`lookup in the set ${name}`);
      if ((flags & 1) !== 0) return on(found === null);
      if (found === null) return "no";
      if (dreg === undefined) return "yes";
      const { verdict, value } = found.data ?? {};
      if (verdict) return { code: verdict.code, chain: verdict.chain };
      if (value) registers.write(dreg, value);
      return "yes";
    }
    case "immediate": {
      const { dreg, data } = e.data ?? {};
      if (data?.verdict) return { code: data.verdict.code, chain: data.verdict.chain };
      if (data?.value) registers.write(dreg, data.value);
      return "yes";
    }
    case "nat": {
      const { type, family, addrMin, protoMin } = e.data ?? {};
      // Passes the other family by, and the rule goes on (nft_nat_inet_eval, net/netfilter/nft_nat.c).
      if (family !== (p.family === 4 ? "ip" : "ip6")) return "yes";
      if (type !== "dnat") {
        p.masqueraded = true;
        return { code: "accept" };
      }
      const address = addrMin === undefined ? p.dst : ipFromBytes(registers.read(addrMin, p.family === 4 ? 4 : 16));
      if (address) p.dst = address;
      if (protoMin !== undefined) {
        const [high = 0, low = 0] = registers.read(protoMin, 2);
        p.dport = (high << 8) | low;
      }
      p.dnat = true;
      return { code: "accept" };
    }
    case "masq":
      p.masqueraded = true;
      return { code: "accept" };
    case "limit":
      // One packet alone is below every limit.
      return on(((e.data?.flags ?? 0) & 1) === 0);
    case "counter":
    case "log":
    case "last":
      return "yes";
    case "objref": {
      const { type, name, setSreg, setName } = e.data ?? {};
      const set = table.sets.find((each) => each.set.name === setName);
      const found = set && findElement(set, registers.read(setSreg, set.set.keyLen ?? 0));
      if (found === null) return "no";
      // NFT_OBJECT_COUNTER
      if (type === 1 || (found && set?.set.objType === 1)) return "yes";
      throw new CannotTell(`objref ${name ?? setName}`);
    }
    case "reject":
      return { code: "drop" };
    case "match":
      return on(xtMatches(e.data ?? {}, p, (which) => ground.isLocal(p[which])));
    case "target": {
      const does = xtTarget(e.data ?? {}, p);
      return does === "continue" ? "yes" : { code: does };
    }
    default:
      throw new CannotTell(String(e.kind));
  }
}

function metaBytes(key: unknown, p: Packet): Uint8Array {
  const name = (port: Packet["iif"]): Uint8Array => {
    const bytes = new Uint8Array(16);
    new TextEncoder().encodeInto(port?.name ?? "", bytes);
    return bytes;
  };
  switch (key) {
    case "iifname":
      return name(p.iif);
    case "oifname":
      return name(p.oif);
    case "iif":
      return le32(p.iif?.index ?? 0);
    case "oif":
      return le32(p.oif?.index ?? 0);
    case "l4proto":
      return Uint8Array.of(p.protocol);
    case "nfproto":
      return Uint8Array.of(p.family === 4 ? 2 : 10);
    case "protocol":
      return be16(p.family === 4 ? 0x0800 : 0x86dd);
    case "pkttype":
      return Uint8Array.of(0);
    case "mark":
      if (p.mark !== undefined) return le32(p.mark);
  }
  throw new CannotTell(`meta ${key}`);
}

/** IPS_* of linux/netfilter/nf_conntrack_common.h: of an answer it was seen, and that translation is decided. */
const statusBits = ({ state, dnat, masqueraded }: Packet): number =>
  (dnat ? 0x20 : 0) | (masqueraded ? 0x10 : 0) | (state === "new" ? 0 : 0x2 | 0x8 | 0x80 | 0x100);

/** Bits of include/net/netfilter/nf_tables.h (NF_CT_STATE_BIT). */
function ctBytes(key: unknown, direction: unknown, p: Packet): Uint8Array {
  if (key === "state") return le32(p.state === "new" ? 8 : 2);
  if (key === "status") return le32(statusBits(p));
  if (key === "direction") return Uint8Array.of(p.state === "new" ? 0 : 1);
  if (key === "mark" && p.ctMark !== undefined) return le32(p.ctMark);
  if (key === "proto-dst" && direction === "original" && p.state === "new") return be16(p.originalDport);
  throw new CannotTell(`ct ${key}`);
}
