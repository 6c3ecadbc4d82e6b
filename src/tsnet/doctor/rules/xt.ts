import { ipFromBytes } from "../../../ip/index.ts";
import { CannotTell } from "./cannot-tell.ts";
import type { Packet } from "./packet.ts";

/** Parts of an xtables rule that iptables-nft wrote, over the structures of linux/netfilter/xt_*.h in the host's byte order. */
interface Part {
  readonly name?: string | undefined;
  readonly rev?: number | undefined;
  readonly info?: Uint8Array | undefined;
}

const u16 = (info: Uint8Array, at: number): number => (info[at] ?? 0) | ((info[at + 1] ?? 0) << 8);
const u32 = (info: Uint8Array, at: number): number => (u16(info, at) | (u16(info, at + 2) << 16)) >>> 0;

/** Whether a match matches. CannotTell for those that are not evaluated. */
export function xtMatches(part: Part, p: Packet, isLocal: (address: "src" | "dst") => boolean): boolean {
  const { name = "", rev = 0, info = new Uint8Array() } = part;
  const unknown = (why = ""): CannotTell => new CannotTell(`xt match "${name}" revision ${rev}${why}`);
  const need = (bytes: number): void => {
    if (info.length < bytes) throw unknown(" of an unknown form");
  };
  switch (name) {
    case "comment":
      return true;
    case "conntrack": {
      if (rev < 1) throw unknown();
      need(rev === 1 ? 152 : 154);
      const [flags, inverted] = [u16(info, 146), u16(info, 148)];
      const mask = rev === 1 ? (info[150] ?? 0) : u16(info, 150);
      // XT_CONNTRACK_STATE and XT_CONNTRACK_STATE_ALIAS.
      if ((flags & ~0x2001) !== 0) throw unknown(" with more than states");
      if ((flags & 1) === 0) return true;
      const bits = (p.state === "new" ? 8 : 2) | (p.dnat ? 0x80 : 0);
      return ((bits & mask) !== 0) !== ((inverted & 1) !== 0);
    }
    case "addrtype": {
      need(8);
      const flags =
        rev === 0 ? (u32(info, 4) !== 0 ? 1 : 0) | (info.length >= 12 && u32(info, 8) !== 0 ? 2 : 0) : u32(info, 4);
      if ((flags & 0xc) !== 0) throw unknown(" limited to an interface");
      const fits = (types: number, which: "src" | "dst", inverted: boolean): boolean =>
        types === 0 || ((types & (isLocal(which) ? 4 : 2)) !== 0) !== inverted;
      return fits(u16(info, 0), "src", (flags & 1) !== 0) && fits(u16(info, 2), "dst", (flags & 2) !== 0);
    }
    case "mark": {
      need(9);
      if (p.mark === undefined) throw unknown(" of a mark that cannot be told");
      return ((p.mark & u32(info, 4)) >>> 0 === u32(info, 0)) !== ((info[8] ?? 0) !== 0);
    }
    case "multiport": {
      need(48);
      const count = Math.min(info[1] ?? 0, 15);
      const inList = (port: number): boolean => {
        for (let i = 0; i < count; i++) {
          const from = u16(info, 2 + 2 * i);
          const isRange = (info[32 + i] ?? 0) !== 0;
          const to = isRange ? u16(info, 2 + 2 * ++i) : from;
          if (from <= port && port <= to) return true;
        }
        return false;
      };
      const which = info[0] ?? 0;
      const found = (which !== 1 && inList(p.sport)) || (which !== 0 && inList(p.dport));
      return found !== ((info[47] ?? 0) !== 0);
    }
    case "tcp":
    case "udp": {
      need(name === "tcp" ? 12 : 9);
      if (p.protocol !== (name === "tcp" ? 6 : 17)) return false;
      const inverted = info[name === "tcp" ? 11 : 8] ?? 0;
      const within = (port: number, at: number, bit: number): boolean =>
        (u16(info, at) <= port && port <= u16(info, at + 2)) !== ((inverted & bit) !== 0);
      if (!within(p.sport, 0, 1) || !within(p.dport, 4, 2)) return false;
      if (name === "udp") return true;
      if ((info[8] ?? 0) !== 0) throw unknown(" with a TCP option");
      const flags = p.state === "new" ? 0x02 : 0x12;
      return ((flags & (info[9] ?? 0)) === (info[10] ?? 0)) !== ((inverted & 4) !== 0);
    }
    default:
      throw unknown();
  }
}

/** What a target does: ends the packet, goes on, or ends the chain. */
export function xtTarget(part: Part, p: Packet): "drop" | "accept" | "continue" {
  const { name = "", rev = 0, info = new Uint8Array() } = part;
  switch (name) {
    case "REJECT":
      return "drop";
    case "LOG":
    case "NFLOG":
    case "TRACE":
      return "continue";
    case "MASQUERADE":
      p.masqueraded = true;
      return "accept";
    case "MARK":
      if (rev !== 2 || info.length < 8) break;
      if (p.mark !== undefined) p.mark = ((p.mark & ~u32(info, 4)) ^ u32(info, 0)) >>> 0;
      return "continue";
    case "DNAT": {
      const at = rev === 0 ? { flags: 4, address: 8, port: 16 } : { flags: 0, address: 4, port: 36 };
      if (info.length < at.port + 2) break;
      const flags = u32(info, at.flags);
      const address = ipFromBytes(info.subarray(at.address, at.address + (p.family === 4 ? 4 : 16)));
      if ((flags & 1) !== 0 && address) p.dst = address;
      // Ports are in network order.
      if ((flags & 2) !== 0) p.dport = ((info[at.port] ?? 0) << 8) | (info[at.port + 1] ?? 0);
      p.dnat = true;
      return "accept";
    }
  }
  throw new CannotTell(`xt target "${name}" revision ${rev}`);
}
