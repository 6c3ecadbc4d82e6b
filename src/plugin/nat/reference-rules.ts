import { type NftChange, type NftView, nftChange, nftLookup, type TableRef } from "../../kernel/nft.ts";
import { commentOf, type NftRule } from "../../netlink/nft/index.ts";
import { type Attachment, sha512 } from "../owner.ts";

/**
 * What the reference plugins leave in the rule set, found by names and comments that follow from network and container, so
 * that a node can switch with containers running. Their iptables back-end stands, with iptables-nft, in the tables `nat` of
 * families ip and ip6.
 */
export const NAT_TABLES: readonly TableRef[] = [
  { family: "ip", table: "nat" },
  { family: "ip6", table: "nat" },
];

/** Chain names are 28 characters: a prefix, then SHA-512 of network and container run together. */
export const referenceChain = (prefix: string, { network, containerId }: Omit<Attachment, "ifName">): string =>
  prefix + sha512(network + containerId).slice(0, 28 - prefix.length);

const targetOf = (rule: NftRule): string | undefined => {
  for (const expr of rule.expressions ?? [])
    if (expr.kind === "immediate" && expr.data?.data?.verdict?.chain !== undefined) return expr.data.data.verdict.chain;
  return undefined;
};

/** Whether a rule compares with, or translates to, one of these values. */
export function mentions(rule: NftRule, values: readonly Uint8Array[]): boolean {
  return (rule.expressions ?? []).some((expr) => {
    const value = expr.kind === "cmp" || expr.kind === "immediate" ? expr.data?.data?.value : undefined;
    return value !== undefined && values.some((v) => v.length === value.length && v.every((b, i) => b === value[i]));
  });
}

/**
 * Removes the jumps to a chain, and the chain when no jump to it is left.
 * @param parents chains to look for jumps in; the whole table is searched when they do not hold all
 * @param isOurs which jumps; all by default
 */
export async function removeChain(
  view: NftView,
  table: TableRef,
  name: string,
  parents: readonly string[],
  isOurs: (jump: NftRule) => boolean = () => true,
): Promise<NftChange[]> {
  const [chain] = await view.find(nftLookup.chain(table, name));
  if (!chain) return [];
  const own = (await view.ruleComments(table, name)).length;
  let jumps = await jumpsTo(view, table, name, parents);
  if (own + jumps.length !== chain.use) {
    const all = (await view.chains(table)).flatMap((c) => c.name ?? []);
    jumps = await jumpsTo(view, table, name, all);
  }
  const gone = jumps.filter(isOurs);
  return [
    ...gone.flatMap(({ chain: parent, handle }) =>
      parent === undefined || handle === undefined ? [] : [nftChange.delRule(table, parent, handle)],
    ),
    ...(gone.length === jumps.length ? [nftChange.flushChain(table, name), nftChange.delChain(table, name)] : []),
  ];
}

async function jumpsTo(view: NftView, table: TableRef, name: string, parents: readonly string[]): Promise<NftRule[]> {
  const jumps: NftRule[] = [];
  for (const parent of parents)
    for (const rule of await view.rules(table, parent)) if (targetOf(rule) === name) jumps.push(rule);
  return jumps;
}

/** Removes rules of these chains by their comments. */
export async function removeRules(
  view: NftView,
  table: TableRef,
  chains: readonly string[],
  isOurs: (comment: string, rule: NftRule) => boolean,
): Promise<NftChange[]> {
  const changes: NftChange[] = [];
  for (const chain of chains) {
    for (const rule of await view.rules(table, chain)) {
      const comment = commentOf(rule.userdata);
      if (comment !== undefined && rule.handle !== undefined && isOurs(comment, rule))
        changes.push(nftChange.delRule(table, chain, rule.handle));
    }
  }
  return changes;
}

const decoder = new TextDecoder("latin1");

/** Containers that the comments of a chain's rules name for a network: `name: "blue" id: "c1"`. */
export async function containersIn(
  view: NftView,
  table: TableRef,
  chain: string,
  network: string,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (const rule of await view.rules(table, chain)) {
    // Written by iptables: as user data, or as the match `comment`.
    const matches = (rule.expressions ?? []).map((e) => (e.kind === "unknown" && e.data ? decoder.decode(e.data) : ""));
    for (const text of [commentOf(rule.userdata) ?? "", ...matches]) {
      const [, name, id] = /name: "([^"]*)" id: "([^"]*)"/.exec(text) ?? [];
      if (name === network && id !== undefined) found.add(id);
    }
  }
  return found;
}
