import { addrInfo } from "../forms/addr.ts";
import { linkForm } from "../forms/link.ts";
import { linkNames } from "../forms/names.ts";
import { fdbForm, neighForm, vlanForm } from "../forms/neigh.ts";
import { rulesetText } from "../forms/nft/text.ts";
import { qdiscForm } from "../forms/qdisc.ts";
import { routeForm } from "../forms/route.ts";
import { ruleForm } from "../forms/rule.ts";
import { isWaiting, socketForm } from "../forms/socket.ts";
import { nftForm } from "../list/nft.ts";
import { tcRows } from "../list/qdisc.ts";
import { ownersOf, SOCKET_HEADING, socketRows } from "../list/sockets.ts";
import { seenBy } from "../list/topic.ts";
import { addrTopic, fdbTopic, linkTopic, neighTopic, routeTopic, ruleTopic } from "../list/topics.ts";
import { rendered } from "../list/word.ts";
import { type Look, labelOf, type Snapshot } from "../look/index.ts";
import type { Surroundings } from "../surroundings.ts";
import { styled } from "../terminal.ts";
import { printable } from "../text.ts";
import { namespaceJson, ownerText } from "./owner.ts";

/** One namespace whole; a part that could not be read is absent. */
export function inspectJson(snapshot: Snapshot, look: Look) {
  const { namespace: ns, links = [] } = snapshot;
  const nameOf = linkNames(links);
  const sockets = snapshot.sockets?.filter(isWaiting);
  const owners = ownersOf(sockets ?? []);
  return {
    ...namespaceJson(ns),
    links: snapshot.links?.map((link) => {
      const peer = look.peerOf(ns.identity, link);
      const other = peer && {
        namespace: peer.namespace && labelOf(peer.namespace),
        inode: peer.namespace?.inode,
        ifindex: peer.index,
        ifname: peer.name,
      };
      return { ...linkForm(link, nameOf), other_end: other };
    }),
    addresses: snapshot.addrs?.map((addr) => ({ dev: nameOf(addr.link), ...addrInfo(addr) })),
    routes: snapshot.routes?.map((route) => routeForm(route, nameOf, true)),
    rules: snapshot.rules?.map(ruleForm),
    neighbours: snapshot.neighs?.map((neigh) => neighForm(neigh, nameOf)),
    fdb: snapshot.fdb?.map((entry) => fdbForm(entry, nameOf)),
    vlans: snapshot.bridgeVlans && [...snapshot.bridgeVlans].map(([index, vlans]) => vlanForm(index, vlans, nameOf)),
    nftables: snapshot.nft && nftForm(snapshot, nameOf).nftables,
    legacy_tables: snapshot.legacyTables,
    qdiscs: snapshot.tc?.qdiscs.map((qdisc) => qdiscForm(qdisc, nameOf)),
    sysctls: snapshot.sysctls && Object.fromEntries(snapshot.sysctls),
    sockets: sockets?.map((socket) => socketForm(socket, owners.get(socket.inode) ?? [], nameOf)),
    conntrack: snapshot.conntrack,
    remarks: snapshot.remarks.length > 0 ? snapshot.remarks : undefined,
  };
}

/** Sections, each with a heading; those without anything in them are left out. */
export function inspectText(s: Pick<Surroundings, "terminal">, snapshot: Snapshot, look: Look): string {
  const { namespace: ns, links = [] } = snapshot;
  const nameOf = linkNames(links);
  const sections: string[] = [];
  const put = (title: string, text: string): void => {
    if (text !== "") sections.push(`${styled(s.terminal, "bold", title)}\n${text}`);
  };
  const facts = [
    `namespace ${labelOf(ns)} (net:[${ns.inode}])${ns.own ? ", this one" : ""}`,
    ownerText(ns),
    ...ns.handles.map((handle) => `${handle.kind}: ${handle.text}`),
  ];
  sections.push(
    `${facts
      .filter((fact) => fact !== "")
      .map(printable)
      .join("\n")}\n`,
  );
  const seen = seenBy(snapshot, look, {});
  put("Links", rendered(s, linkTopic.text(seen)));
  put("Addresses", rendered(s, addrTopic.text(seen)));
  put("Routes", rendered(s, routeTopic.text({ ...seen, options: { table: "all" } })));
  put("Rules", rendered(s, ruleTopic.text(seen)));
  put("Neighbours", rendered(s, neighTopic.text({ ...seen, options: {} })));
  put("Forwarding entries", rendered(s, fdbTopic.text(seen)));
  put("VLANs", rendered(s, vlanRows(snapshot, nameOf)));
  put("nftables", rulesetText(nftForm(snapshot, nameOf).nftables));
  put("Legacy iptables", (snapshot.legacyTables ?? []).map((table) => `${printable(table)}\n`).join(""));
  const kept = snapshot.tc && { ...snapshot.tc, qdiscs: snapshot.tc.qdiscs.filter((q) => q.kind !== "noqueue") };
  put(
    "Traffic control",
    rendered(s, {
      heading: ["LINK", "WHAT", "KIND", "HANDLE", "PARENT", "SETTINGS"],
      rows: kept ? tcRows(kept, nameOf) : [],
    }),
  );
  put(
    "Sysctls",
    rendered(s, {
      heading: ["PARAMETER", "VALUE"],
      rows: [...(snapshot.sysctls ?? [])].filter(tells).map(([key, value]) => [key, value.replaceAll("\t", " ")]),
    }),
  );
  const sockets = (snapshot.sockets ?? []).filter(isWaiting);
  put(
    "Listening sockets",
    rendered(s, { heading: SOCKET_HEADING, rows: socketRows(sockets, ownersOf(sockets), nameOf) }),
  );
  const { conntrack } = snapshot;
  if (conntrack) put("Connection tracking", `${conntrack.count} of ${conntrack.max} entries\n`);
  return sections.join("\n");
}

/** Of links only what is switched on; of the namespace everything. */
const tells = ([key, value]: readonly [string, string]): boolean =>
  !/\/conf\/(?!all\/|default\/)/.test(key) || (value !== "0" && !/\/(accept_dad|accept_ra)$/.test(key));

const vlanRows = ({ bridgeVlans }: Snapshot, nameOf: (index: number) => string) => ({
  heading: ["LINK", "VLANS"],
  rows: [...(bridgeVlans ?? [])].map(([index, vlans]) => [
    nameOf(index),
    vlans.map(({ vid, pvid, untagged }) => `${vid}${pvid ? " pvid" : ""}${untagged ? " untagged" : ""}`).join(", "),
  ]),
});
