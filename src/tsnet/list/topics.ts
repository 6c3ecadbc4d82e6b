import type { Addr } from "../../kernel/addr.ts";
import type { Fdb } from "../../kernel/fdb.ts";
import type { Link } from "../../kernel/link.ts";
import type { Neigh } from "../../kernel/neigh.ts";
import type { Route, RouteHop } from "../../kernel/route.ts";
import type { Rule } from "../../kernel/rule.ts";
import { AF } from "../../netlink/rtnl/constants.ts";
import { NUD } from "../../netlink/rtnl/neigh.const.ts";
import { RT_SCOPE, RT_TABLE, RTN, RTPROT } from "../../netlink/rtnl/route.const.ts";
import { getRoute } from "../../netlink/rtnl/route.ts";
import { addrFlags, addrForms } from "../forms/addr.ts";
import { linkForm, operstateName } from "../forms/link.ts";
import { type LinkNames, linkNames, protocolName, scopeName, tableName, typeName } from "../forms/names.ts";
import { fdbForm, fdbState, neighForm, neighStates } from "../forms/neigh.ts";
import { dstText, routeForm } from "../forms/route.ts";
import { RouteTexts } from "../forms/route-bytes.ts";
import { ruleForm } from "../forms/rule.ts";
import { type Look, labelOf, type Namespace, type Peer } from "../look/index.ts";
import { DUMP, linkDump, rawDumps, rawLinks } from "../look/raw.ts";
import type { Surroundings } from "../surroundings.ts";
import { printable, sharedTable } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import type { Topic } from "./topic.ts";

export const linkTopic: Topic = {
  name: "link",
  description: "links of a namespace, and where their other ends are",
  examples: ["tsnet link ls", "tsnet link ls -n blue --json"],
  parts: ["links"],
  peers: true,
  form: "as ip -j -d link",
  json: ({ snapshot, nameOf }) => (snapshot.links ?? []).map((link) => linkForm(link, nameOf)),
  text: ({ snapshot, look, nameOf }) => ({
    heading: ["LINK", "KIND", "STATE", "MTU", "MAC", "MASTER", "OTHER END", "ALIAS"],
    rows: (snapshot.links ?? []).map((link) => [
      link.name,
      link.kind ?? (link.loopback ? "loopback" : "hardware"),
      stateText(link),
      String(link.mtu),
      link.mac,
      link.master === undefined ? "" : nameOf(link.master),
      peerText(look, snapshot.namespace, link),
      link.alias ?? "",
    ]),
  }),
};

/** What it is set to, and what it is when that is not the same. */
function stateText(link: Link): string {
  if (!link.up) return "down";
  const port = link.bridgePort?.state;
  const state = operstateName(link.operstate).toLowerCase();
  const told = state === "up" || state === "unknown" ? "up" : `up (${state})`;
  return port === undefined || port === "forwarding" ? told : `${told}, ${port}`;
}

export function peerText(look: Look, here: Namespace, link: Link): string {
  const peer: Peer | undefined = look.peerOf(here.identity, link);
  if (!peer) return "";
  const name = peer.name ?? `#${peer.index}`;
  if (peer.namespace === undefined) return `${name} in an unknown namespace`;
  return peer.namespace.identity === here.identity ? name : `${name} in ${labelOf(peer.namespace)}`;
}

export const addrTopic: Topic = {
  name: "addr",
  description: "addresses of a namespace",
  examples: ["tsnet addr ls --all", "tsnet addr ls -n blue --json"],
  parts: ["links", "addrs"],
  form: "as ip -j addr",
  json: ({ snapshot, nameOf }) => addrForms(snapshot.links ?? [], snapshot.addrs ?? [], nameOf),
  text: ({ snapshot, nameOf }) => ({
    heading: ["LINK", "ADDRESS", "SCOPE", "FLAGS"],
    rows: (snapshot.addrs ?? []).map((addr) => [
      nameOf(addr.link),
      addrText(addr),
      scopeName(addr.scope),
      addrFlags(addr).join(" "),
    ]),
  }),
};

export const addrText = (addr: Addr): string =>
  `${addr.address}${addr.peer === undefined ? "" : ` peer ${addr.peer}`}/${addr.prefixLen}`;

interface RouteOptions {
  readonly table?: string;
}

const TABLES: Readonly<Record<string, number>> = {
  main: RT_TABLE.MAIN,
  local: RT_TABLE.LOCAL,
  default: RT_TABLE.DEFAULT,
};

/** `undefined` is all of them. */
function tableOf({ table = "main" }: RouteOptions): number | undefined {
  if (table === "all") return undefined;
  const number = TABLES[table] ?? (/^\d{1,10}$/.test(table) ? Number(table) : undefined);
  if (number === undefined || number > 0xffff_ffff)
    throw new UsageError(`"${table}" is no routing table`, "take main, local, default, a number, or all");
  return number;
}

/** IPv4 before IPv6. */
const routeDumps = (table: number | undefined): Uint8Array[] =>
  [AF.INET, AF.INET6].map((family) => getRoute.encode({ header: { family }, attrs: { table } }, DUMP, 1 + family));

const ROUTE_HEADING = ["DESTINATION", "VIA", "LINK", "TABLE", "SCOPE", "METRIC", "SOURCE", "MADE BY"];

/** What the kernel answers about routes, a family each; `undefined` when that is out of the ordinary. */
function routeTexts(s: Pick<Surroundings, "native">, ns: Namespace, options: RouteOptions) {
  const table = tableOf(options);
  const [first, ...dumps] = rawDumps(s, ns, [linkDump(), ...routeDumps(table)]) ?? [];
  const links = first && rawLinks(first);
  if (!links) return undefined;
  const nameOf = linkNames(links);
  return { nameOf, texts: dumps.map((bytes) => new RouteTexts(bytes, nameOf, table === undefined)) };
}

function routesOf(routes: readonly Route[], options: RouteOptions): readonly Route[] {
  const table = tableOf(options);
  return table === undefined ? routes : routes.filter((route) => route.table === table);
}

export const routeTopic: Topic<RouteOptions> = {
  name: "route",
  description: "routes of a namespace, both families",
  examples: ["tsnet route ls -n blue", "tsnet route ls --table all --json"],
  parts: ["routes"],
  form: "as ip -j -4 route and ip -j -6 route, one after the other",
  options: [["--table <name>", "main (default), local, default, a number, or all"]],
  json: ({ snapshot, nameOf, options }) =>
    routesOf(snapshot.routes ?? [], options).map((route) => routeForm(route, nameOf, tableOf(options) === undefined)),
  fastJson: (s, ns, options) => {
    const members = routeTexts(s, ns, options)?.texts.map((texts) => texts.members());
    if (!members || members.includes(undefined)) return undefined;
    return `[${members.filter((text) => text !== "").join(",")}]`;
  },
  fastText: (s, ns, options) => {
    const read = routeTexts(s, ns, options);
    const rows = read?.texts.map((texts) => texts.rows((route) => routeRow(route, read.nameOf).map(printable)));
    if (!rows || rows.includes(undefined)) return undefined;
    return sharedTable(
      ROUTE_HEADING,
      rows.flatMap((each) => each ?? []),
    );
  },
  text: ({ snapshot, nameOf, options }) => ({
    heading: ROUTE_HEADING,
    rows: routesOf(snapshot.routes ?? [], options).map((route) => routeRow(route, nameOf)),
  }),
};

export function routeRow(route: Route, nameOf: LinkNames): string[] {
  const hops: readonly RouteHop[] = route.nexthops ?? [];
  const type = route.type === RTN.UNICAST ? "" : `${typeName(route.type)} `;
  return [
    `${type}${route.dst.endsWith("/0") ? `default${route.family === 6 ? " (IPv6)" : ""}` : dstText(route.dst)}`,
    hops.length > 0 ? hops.map((hop) => `${hop.gw ?? "direct"}×${hop.weight}`).join(" ") : (route.gw ?? ""),
    hops.length > 0
      ? hops.map((hop) => (hop.oif === undefined ? "" : nameOf(hop.oif))).join(" ")
      : route.oif === undefined
        ? ""
        : nameOf(route.oif),
    tableName(route.table),
    route.scope === RT_SCOPE.UNIVERSE ? "" : scopeName(route.scope),
    route.priority === undefined ? "" : String(route.priority),
    route.src ?? "",
    protocolName(route.protocol),
  ];
}

interface NeighOptions {
  readonly noarp?: boolean;
}

export const neighTopic: Topic<NeighOptions> = {
  name: "neigh",
  description: "neighbours of a namespace (ARP, neighbour discovery)",
  examples: ["tsnet neigh ls -n blue", "tsnet neigh ls --all --json"],
  parts: ["neighs"],
  form: "as ip -j neigh",
  options: [["--noarp", "also those that need no resolution: multicast, static ones"]],
  json: ({ snapshot, nameOf, options }) => neighsOf(snapshot.neighs, options).map((neigh) => neighForm(neigh, nameOf)),
  text: ({ snapshot, nameOf, options }) => ({
    heading: ["ADDRESS", "LINK", "MAC", "STATE"],
    rows: neighsOf(snapshot.neighs, options).map((neigh) => [
      neigh.dst,
      nameOf(neigh.link),
      neigh.mac ?? "",
      neighStates(neigh.state).join(" ").toLowerCase(),
    ]),
  }),
};

const neighsOf = (neighs: readonly Neigh[] = [], { noarp = false }: NeighOptions): readonly Neigh[] =>
  neighs.filter((neigh) => noarp || (neigh.state !== 0 && (neigh.state & NUD.NOARP) === 0));

export const fdbTopic: Topic = {
  name: "fdb",
  description: "forwarding entries of a namespace's bridges and VXLANs",
  examples: ["tsnet fdb ls", "tsnet fdb ls -n blue --json"],
  parts: ["fdb"],
  form: "as bridge -j fdb",
  json: ({ snapshot, nameOf }) => (snapshot.fdb ?? []).map((entry) => fdbForm(entry, nameOf)),
  text: ({ snapshot, nameOf }) => ({
    heading: ["MAC", "LINK", "BRIDGE", "TO", "VLAN", "STATE"],
    rows: (snapshot.fdb ?? []).map((entry) => fdbRow(entry, nameOf)),
  }),
};

export const fdbRow = (entry: Fdb, nameOf: LinkNames): string[] => [
  entry.mac,
  nameOf(entry.link),
  entry.master === undefined ? (entry.table === "self" ? "self" : "") : nameOf(entry.master),
  [
    entry.dst,
    entry.port === undefined ? undefined : `port ${entry.port}`,
    entry.vni === undefined ? undefined : `vni ${entry.vni}`,
  ]
    .filter((text) => text !== undefined)
    .join(" "),
  entry.vlan === undefined ? "" : String(entry.vlan),
  fdbState(entry.state) || "learned",
];

export const ruleTopic: Topic = {
  name: "rule",
  description: "routing rules of a namespace, both families",
  examples: ["tsnet rule ls", "tsnet rule ls -n blue --json"],
  parts: ["rules"],
  form: "as ip -j -4 rule and ip -j -6 rule, one after the other",
  json: ({ snapshot }) => (snapshot.rules ?? []).map(ruleForm),
  text: ({ snapshot }) => ({
    heading: ["PRIORITY", "FAMILY", "MATCH", "ACTION", "MADE BY"],
    rows: (snapshot.rules ?? []).map(ruleRow),
  }),
};

export function ruleRow(rule: Rule): string[] {
  const words: string[] = [];
  const put = (name: string, value: string | number | undefined): void => {
    if (value !== undefined) words.push(`${name} ${value}`);
  };
  if (rule.not) words.push("not");
  put("from", rule.from ?? (rule.to === undefined ? "all" : undefined));
  put("to", rule.to);
  put("iif", rule.iif);
  put("oif", rule.oif);
  if (rule.mark !== undefined)
    put(
      "mark",
      `0x${rule.mark.toString(16)}${rule.mask === undefined || rule.mask === 0xffff_ffff ? "" : `/0x${rule.mask.toString(16)}`}`,
    );
  put("protocol", rule.ipProto);
  const range = (value: { start: number; end: number } | undefined): string | undefined =>
    value && (value.start === value.end ? String(value.start) : `${value.start}-${value.end}`);
  put("sport", range(rule.sportRange));
  put("dport", range(rule.dportRange));
  put("uid", range(rule.uidRange));
  put("only prefixes longer than", rule.suppressPrefixLength);
  const action =
    rule.action === undefined || rule.action === "table" ? `table ${tableName(rule.table ?? 0)}` : rule.action;
  return [
    String(rule.priority),
    rule.family === 4 ? "IPv4" : "IPv6",
    words.join(" "),
    rule.goto === undefined ? action : `${action} ${rule.goto}`,
    rule.protocol === undefined || rule.protocol === RTPROT.UNSPEC ? "" : protocolName(rule.protocol),
  ];
}
