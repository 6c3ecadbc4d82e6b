import type { Command } from "commander";
import type { Addr } from "../../kernel/addr.ts";
import { RT_SCOPE } from "../../netlink/rtnl/route.const.ts";
import { readBrief } from "../look/brief.ts";
import { findNamespaces, labelOf, type Namespace, type Remark, readNamespace } from "../look/index.ts";
import { sayRemarks } from "../remarks.ts";
import type { Surroundings } from "../surroundings.ts";
import { jsonLine, printable, table } from "../text.ts";
import { word } from "../word.ts";
import { namespaceJson, ownerText } from "./owner.ts";

export function lsCommand(s: Surroundings): Command {
  return word("ls", "every network namespace of the host, and whose it is", ["tsnet ns ls", "tsnet ns ls --json"])
    .option("--json", "as JSON on stdout: more, and whole")
    .addHelpText(
      "after",
      "\nNamed ones (ip netns), those bound to files in any mount namespace, and those that only a process, a thread or an open\ndescriptor holds. host is that of process 1, * marks the one this command was called in.",
    )
    .action(async ({ json = false }: { json?: boolean }) => {
      const host = findNamespaces(s.native);
      const seen: Seen[] = [];
      for (const ns of host.namespaces) seen.push(await lookInto(s, ns));
      if (json) s.out(jsonLine(seen.map(toJson)));
      else s.out(table(["NAMESPACE", "OWNER", "LINKS", "ADDRESSES"], seen.map(toRow), s.terminal));
      sayRemarks(s, host.remarks);
      for (const { ns, remarks } of seen) sayRemarks(s, remarks, labelOf(ns));
    });
}

/** A namespace with what could be seen of it. */
interface Seen {
  readonly ns: Namespace;
  readonly links: readonly string[] | undefined;
  readonly addresses: readonly string[] | undefined;
  readonly remarks: readonly Remark[];
}

async function lookInto(s: Surroundings, ns: Namespace): Promise<Seen> {
  const brief = readBrief(s, ns);
  if (brief) return { ns, ...brief, remarks: [] };
  const { linkNames, addrs, remarks } = await readNamespace(s, ns, ["linkNames", "addrs"]);
  return {
    ns,
    links: linkNames?.filter((link) => !link.loopback).map((link) => link.name),
    addresses: addrs?.filter(isTold).map((addr) => `${addr.address}/${addr.prefixLen}`),
    remarks,
  };
}

/** Addresses that say something: neither the loopback's nor link-local ones. */
const isTold = ({ scope }: Addr): boolean => scope !== RT_SCOPE.HOST && scope !== RT_SCOPE.LINK;

/** A host with hundreds of pairs: the first, and how many more. */
const MOST = 4;
const few = (all: readonly string[]): string =>
  all.length <= MOST ? all.join(" ") : `${all.slice(0, MOST).join(" ")} +${all.length - MOST}`;

const toRow = ({ ns, links, addresses }: Seen): string[] =>
  [
    `${labelOf(ns)}${ns.own ? " *" : ""}`,
    ownerText(ns),
    links ? few(links) : "?",
    addresses ? few(addresses) : "?",
  ].map(printable);

const toJson = ({ ns, links, addresses, remarks }: Seen) => ({
  ...namespaceJson(ns),
  links,
  addresses,
  remarks: remarks.length > 0 ? remarks : undefined,
});
