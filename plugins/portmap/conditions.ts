import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { type Cidr, ipBits, parseCidr, parseIp } from "../../src/ip/index.ts";
import { type Condition, countAlternatives, MAX_ALTERNATIVES, type PortRange } from "../../src/plugin/nat/condition.ts";
import type { Family, Protocol } from "../../src/plugin/nat/expressions.ts";

/**
 * `conditionsV4`, `conditionsV6`: what a packet must be to reach the published ports, in the words of iptables or of nft.
 * As in the reference the first token tells which: iptables' begin with `-` or `!`. What we do not know is refused.
 */
export function parseConditions(key: string, tokens: readonly string[], family: Family): Condition[] {
  const words = tokens.flatMap((token) => token.split(/\s+/)).filter((word) => word !== "");
  const [first] = words;
  if (first === undefined) return [];
  const reader = wordReader(key, words, family);
  const parse = first.startsWith("-") || first.startsWith("!") ? iptablesCondition : nftCondition;
  const conditions: Condition[] = [];
  while (reader.more()) {
    const condition = parse(reader);
    if (condition) conditions.push(condition);
  }
  if (countAlternatives(conditions) > MAX_ALTERNATIVES)
    throw refused(
      key,
      `its lists combine to more than ${MAX_ALTERNATIVES} rules`,
      "name prefixes in place of addresses",
    );
  return conditions;
}

function refused(key: string, what: string, details: string): CniError {
  return new CniError(CNI_CODE.INVALID_NETWORK_CONFIG, `key ${JSON.stringify(key)}: ${what}`, details);
}

interface WordReader {
  more(): boolean;
  next(after: string): string;
  /** Takes the next word if it is this one. */
  take(word: string): boolean;
  unknown(word: string): CniError;
  prefix(text: string): Cidr;
  ports(text: string, between: string): PortRange;
  linkName(text: string, wildcard: string): string;
}

function wordReader(key: string, words: readonly string[], family: Family): WordReader {
  let at = 0;
  const bad = (what: string): CniError =>
    refused(key, what, `understood are source and destination addresses, links and ports, in iptables' or nft's words`);
  return {
    more: () => at < words.length,
    next(after) {
      const word = words[at++];
      if (word === undefined) throw bad(`nothing follows "${after}"`);
      return word;
    },
    take(word) {
      if (words[at] !== word) return false;
      at++;
      return true;
    },
    unknown: (word) => bad(`token ${JSON.stringify(word)} is not understood`),
    prefix(text) {
      const ip = parseIp(text);
      const cidr = ip ? { ip, prefixLen: ipBits(ip.family) } : parseCidr(text);
      if (!cidr) throw bad(`${JSON.stringify(text)} is no address or prefix`);
      if (cidr.ip.family !== family) throw bad(`${JSON.stringify(text)} is not of family IPv${family}`);
      return cidr;
    },
    ports(text, between) {
      const [low = "", high = low, ...rest] = text.split(between);
      const from = low === "" && between === ":" ? 0 : portNumber(low);
      const to = high === "" && between === ":" ? 65_535 : portNumber(high);
      if (from === undefined || to === undefined || from > to || rest.length > 0)
        throw bad(`${JSON.stringify(text)} is no port or range of ports`);
      return { from, to };
    },
    linkName(text, wildcard) {
      const name = text.endsWith(wildcard) ? `${text.slice(0, -1)}*` : text;
      if (name === "" || new TextEncoder().encode(name).length > 15 || /[/"*]/.test(name.slice(0, -1)))
        throw bad(`${JSON.stringify(text)} is no name of a link`);
      return name;
    },
  };
}

const portNumber = (text: string): number | undefined =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;

const PROTOCOLS = ["tcp", "udp", "sctp"] as const;
const asProtocol = (text: string): Protocol | undefined => PROTOCOLS.find((p) => p === text);

const IPTABLES: Readonly<Record<string, Condition["kind"] | "module">> = {
  "-s": "saddr",
  "--source": "saddr",
  "--src": "saddr",
  "-d": "daddr",
  "--destination": "daddr",
  "--dst": "daddr",
  "-i": "iif",
  "--in-interface": "iif",
  "-o": "oif",
  "--out-interface": "oif",
  "--sport": "sport",
  "--source-port": "sport",
  "--sports": "sport",
  "--source-ports": "sport",
  "--dport": "dport",
  "--destination-port": "dport",
  "--dports": "dport",
  "--destination-ports": "dport",
  "-p": "protocol",
  "--protocol": "protocol",
  "-m": "module",
  "--match": "module",
};

/** One option of iptables(8), a `!` before it included; `undefined` for `-m tcp`, which says nothing by itself. */
function iptablesCondition(reader: WordReader): Condition | undefined {
  const negate = reader.take("!");
  const word = reader.next("!");
  const kind = Object.hasOwn(IPTABLES, word) ? IPTABLES[word] : undefined;
  if (kind === undefined) throw reader.unknown(word);
  const value = reader.next(word);
  if (kind === "module") {
    if (negate || (asProtocol(value) === undefined && value !== "multiport")) throw reader.unknown(value);
    return undefined;
  }
  const list = value.split(",");
  if (kind === "saddr" || kind === "daddr") return { kind, negate, values: list.map(reader.prefix) };
  if (kind === "iif" || kind === "oif") return { kind, negate, values: [reader.linkName(value, "+")] };
  if (kind === "protocol") {
    const protocol = asProtocol(value);
    if (protocol === undefined) throw reader.unknown(value);
    return { kind, negate, values: [protocol] };
  }
  return { kind, negate, values: list.map((text) => reader.ports(text, ":")) };
}

/** One expression of nft(8): `ip saddr != 10.0.0.0/8`, `iifname { "eth0", "eth1" }`, `tcp dport 80-90`. */
function nftCondition(reader: WordReader): Condition {
  const word = reader.next("the conditions");
  if (word === "ip" || word === "ip6") {
    const field = reader.next(word);
    if (field !== "saddr" && field !== "daddr") throw reader.unknown(field);
    const { negate, values } = nftValues(reader, field);
    return { kind: field, negate, values: values.map(reader.prefix) };
  }
  if (word === "meta") return nftLink(reader, reader.next(word));
  if (word === "th" || asProtocol(word) !== undefined) {
    const field = reader.next(word);
    if (field !== "sport" && field !== "dport") throw reader.unknown(field);
    const { negate, values } = nftValues(reader, field);
    return { kind: field, negate, protocol: asProtocol(word), values: values.map((text) => reader.ports(text, "-")) };
  }
  return nftLink(reader, word);
}

const NFT_LINK: Readonly<Record<string, "iif" | "oif">> = { iif: "iif", iifname: "iif", oif: "oif", oifname: "oif" };

function nftLink(reader: WordReader, word: string): Condition {
  const kind = Object.hasOwn(NFT_LINK, word) ? NFT_LINK[word] : undefined;
  if (kind === undefined) throw reader.unknown(word);
  const { negate, values } = nftValues(reader, word);
  return { kind, negate, values: values.map((text) => reader.linkName(text.replaceAll('"', ""), "*")) };
}

/** A value, or several in braces, with `==` or `!=` before. */
function nftValues(reader: WordReader, field: string): { negate: boolean; values: string[] } {
  const negate = reader.take("!=");
  if (!negate) reader.take("==");
  let text = reader.next(field);
  if (text.startsWith("{")) while (!text.endsWith("}")) text += reader.next(text);
  const values = text
    .replace(/^\{(.*)\}$/, "$1")
    .split(",")
    .filter((value) => value !== "");
  if (values.length === 0) throw reader.unknown(text);
  return { negate, values };
}
