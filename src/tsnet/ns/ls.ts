import type { Command } from "commander";
import type { Addr } from "../../kernel/addr.ts";
import { RT_SCOPE } from "../../netlink/rtnl/route.const.ts";
import { findNamespaces, labelOf, readNamespace, type Snapshot } from "../look/index.ts";
import { sayRemarks } from "../remarks.ts";
import type { Surroundings } from "../surroundings.ts";
import { jsonLine, printable, table } from "../text.ts";
import { word } from "../word.ts";
import { containerJson, ownerText } from "./owner.ts";

export function lsCommand(s: Surroundings): Command {
  return word("ls", "every network namespace of the host, and whose it is", ["tsnet ns ls", "tsnet ns ls --json"])
    .option("--json", "as JSON on stdout: more, and whole")
    .addHelpText(
      "after",
      "\nNamed ones (ip netns), those bound to files in any mount namespace, and those that only a process, a thread or an open\ndescriptor holds. host is that of process 1, * marks the one this command was called in.",
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const host = findNamespaces(s.native);
      const snapshots: Snapshot[] = [];
      for (const ns of host.namespaces) snapshots.push(await readNamespace(s, ns, ["linkNames", "addrs"]));
      if (json) s.out(jsonLine(snapshots.map(toJson)));
      else s.out(table(["NAMESPACE", "OWNER", "LINKS", "ADDRESSES"], snapshots.map(toRow), s.terminal));
      sayRemarks(s, host.remarks);
      for (const { namespace, remarks } of snapshots) sayRemarks(s, remarks, labelOf(namespace));
    });
}

/** Links and addresses that say something: not the loopback, not link-local. */
const links = ({ linkNames = [] }: Snapshot): string[] => linkNames.filter((l) => !l.loopback).map((l) => l.name);
const shown = ({ scope }: Addr): boolean => scope !== RT_SCOPE.HOST && scope !== RT_SCOPE.LINK;
const addresses = ({ addrs = [] }: Snapshot): string[] => addrs.filter(shown).map((a) => `${a.address}/${a.prefixLen}`);

/** A host with hundreds of pairs: the first, and how many more. */
const MOST = 4;
const few = (all: readonly string[]): string =>
  all.length <= MOST ? all.join(" ") : `${all.slice(0, MOST).join(" ")} +${all.length - MOST}`;

function toRow(snapshot: Snapshot): string[] {
  const { namespace: ns } = snapshot;
  const dead = snapshot.linkNames === undefined;
  return [
    `${labelOf(ns)}${ns.own ? " *" : ""}`,
    ownerText(ns),
    dead ? "?" : few(links(snapshot)),
    dead ? "?" : few(addresses(snapshot)),
  ].map(printable);
}

const toJson = (snapshot: Snapshot) => {
  const { namespace: ns, remarks } = snapshot;
  return {
    name: ns.name,
    label: labelOf(ns),
    inode: ns.inode,
    host: ns.host,
    own: ns.own,
    containers: ns.containers.map(containerJson),
    processes: ns.processes,
    process_count: ns.processCount,
    handles: ns.handles.map(({ kind, text, path, pid }) => ({ kind, text, path, pid })),
    links: snapshot.linkNames && links(snapshot),
    addresses: snapshot.addrs && addresses(snapshot),
    remarks: remarks.length > 0 ? remarks : undefined,
  };
};
