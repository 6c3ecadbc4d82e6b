import type { Command } from "commander";
import { CNI_CODE, CniError } from "../../cni/errors.ts";
import { findNamespaces, type Look, labelOf, lookAt, type Namespace, type Part, type Snapshot } from "../look/index.ts";
import { sayRemarks } from "../remarks.ts";
import { NEEDS_ROOT, Unsuccessful } from "../report.ts";
import type { Surroundings } from "../surroundings.ts";
import { lookFor, NS_HELP, ownNamespace } from "../target.ts";
import { jsonLine, printable, table } from "../text.ts";
import { UsageError } from "../usage-error.ts";
import { group, word } from "../word.ts";
import { type Rows, type Seen, seenBy, type Topic } from "./topic.ts";

interface Options {
  readonly namespace?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `tsnet <topic> ls`. */
export function topicCommand<O extends object>(s: Surroundings, topic: Topic<O>): Command {
  const ls = word("ls", topic.description, topic.examples)
    .option("-n, --namespace <ns>", `${NS_HELP}; default: the one this command is called in`)
    .option("--all", "of every namespace");
  for (const [flags, description] of topic.options ?? []) ls.option(flags, description);
  ls.option("--json", `as JSON on stdout: ${topic.form}; with --all an array of namespaces`);
  ls.action((options: Options & O) => list(s, topic, options));
  return group(topic.name, topic.description, topic.examples[0] ?? "", [ls]);
}

async function list<O extends object>(s: Surroundings, topic: Topic<O>, options: Options & O): Promise<void> {
  if (options.all && options.namespace !== undefined)
    throw new UsageError("-n and --all exclude each other", "name one namespace, or take all");
  const fast = options.all ? undefined : listFast(s, topic, options);
  if (fast !== undefined) {
    s.out(fast);
    return;
  }
  const { look, remarks } = await read(s, topic, options);
  sayRemarks(s, remarks);
  if (options.all) listAll(s, topic, look, options);
  else listOne(s, topic, look, options);
}

/** A long list without a value for each of its entries, where a topic has a way to do so. */
function listFast<O extends object>(s: Surroundings, topic: Topic<O>, options: Options & O): string | undefined {
  if (options.json) {
    const json = topic.fastJson?.(s, oneNamespace(s, options.namespace), options);
    return json === undefined ? undefined : `${json}\n`;
  }
  // In a terminal cells are cut, and nobody waits for thousands.
  if (!topic.fastText || s.terminal.columns !== undefined) return undefined;
  return topic.fastText(s, oneNamespace(s, options.namespace), options);
}

const oneNamespace = (s: Surroundings, name: string | undefined): Namespace =>
  name === undefined ? ownNamespace(s) : lookFor(s, name).ns;

/** Without `-n` and links to follow, nothing but this process's own namespace is looked at. */
async function read<O extends object>(s: Surroundings, topic: Topic<O>, options: Options) {
  // Names of links are all that most topics want of them.
  const parts: Part[] = topic.parts.includes("links") ? [...topic.parts] : ["linkNames", ...topic.parts];
  const peers = topic.peers === true && !options.json;
  if (options.all) {
    const host = findNamespaces(s.native);
    return { look: await lookAt(s, host.namespaces, parts, host.namespaces, { peers }), remarks: host.remarks };
  }
  if (options.namespace === undefined && !peers) {
    const own = ownNamespace(s);
    return { look: await lookAt(s, [own], parts, [own], { peers }), remarks: [] };
  }
  const { host, ns } = lookFor(s, options.namespace);
  const look = await lookAt(s, host.namespaces, parts, [ns], { peers });
  return { look: peers ? await withPeers(s, look, host.namespaces) : look, remarks: [] };
}

/** Reads the links of the namespaces that others lead to, so that other ends have names. */
export async function withPeers(s: Surroundings, look: Look, namespaces: readonly Namespace[]): Promise<Look> {
  const there = new Map<string, Namespace>();
  for (const { namespace, links = [] } of look.snapshots)
    for (const link of links) {
      const peer = look.peerOf(namespace.identity, link)?.namespace;
      if (peer && peer.identity !== namespace.identity) there.set(peer.identity, peer);
    }
  const others = await lookAt(s, namespaces, ["links"], [...there.values()], { peers: false });
  const names = new Map(
    others.snapshots.map(({ namespace, links = [] }) => [
      namespace.identity,
      new Map(links.map((l) => [l.index, l.name])),
    ]),
  );
  return {
    snapshots: look.snapshots,
    peerOf(identity, link) {
      const peer = look.peerOf(identity, link);
      const name = peer?.namespace && names.get(peer.namespace.identity)?.get(peer.index);
      return peer && { ...peer, name: peer.name ?? name };
    },
  };
}

function listOne<O extends object>(s: Surroundings, topic: Topic<O>, look: Look, options: Options & O): void {
  const [snapshot] = look.snapshots;
  if (!snapshot) return;
  const missing = topic.parts.filter((part) => snapshot[part] === undefined && part !== "conntrack");
  const [remark] = snapshot.remarks;
  if (missing.length > 0 && remark)
    throw new CniError(
      CNI_CODE.OPERATION_FAILED,
      `${remark.about} of ${options.namespace === undefined ? "this namespace" : `"${options.namespace}"`}: ${remark.text}`,
      /\bE(PERM|ACCES)\b/.test(remark.text) && process.geteuid?.() !== 0 ? NEEDS_ROOT : "",
    );
  const seen = seenBy(snapshot, look, options);
  if (options.json) s.out(jsonLine(topic.json(seen)));
  else s.out(rendered(s, topic.text(seen)));
  sayRemarks(s, snapshot.remarks);
}

function listAll<O extends object>(s: Surroundings, topic: Topic<O>, look: Look, options: Options & O): void {
  const all = look.snapshots.map((snapshot) => seenBy(snapshot, look, options));
  if (options.json) s.out(jsonLine(all.map((seen) => namespaceJson(topic, seen))));
  else {
    const texts = all.map((seen) => ({ label: labelOf(seen.snapshot.namespace), text: readable(topic, seen) }));
    const tables = texts.flatMap(({ label, text }) =>
      typeof text === "object" ? text.rows.map((row) => [label, ...row]) : [],
    );
    const heading = texts.map(({ text }) => text).find((text) => typeof text === "object")?.heading;
    if (heading) s.out(rendered(s, { heading: ["NAMESPACE", ...heading], rows: tables }));
    for (const { label, text } of texts)
      if (typeof text === "string" && text !== "") s.out(`# namespace ${printable(label)}\n${text}`);
  }
  for (const { snapshot } of all) sayRemarks(s, snapshot.remarks, labelOf(snapshot.namespace));
  if (all.length > 0 && all.every(({ snapshot }) => !isRead(topic, snapshot))) throw new Unsuccessful();
}

const isRead = <O extends object>(topic: Topic<O>, snapshot: Snapshot): boolean =>
  topic.parts.every((part) => snapshot[part] !== undefined);

const readable = <O extends object>(topic: Topic<O>, seen: Seen<O>): Rows | string | undefined =>
  isRead(topic, seen.snapshot) ? topic.text(seen) : undefined;

function namespaceJson<O extends object>(topic: Topic<O>, seen: Seen<O>) {
  const { namespace: ns, remarks } = seen.snapshot;
  return {
    namespace: labelOf(ns),
    inode: ns.inode,
    ...(isRead(topic, seen.snapshot) ? { [topic.name]: topic.json(seen) } : {}),
    remarks: remarks.length > 0 ? remarks : undefined,
  };
}

/** A table with every cell escaped, fit to the terminal; nothing for no rows. */
export const rendered = (s: Pick<Surroundings, "terminal">, text: Rows | string): string =>
  typeof text === "string" ? text : table(text.heading, escaped(text.rows), s.terminal);

/** In long lists most cells are as the one above, and escaped already. */
function escaped(rows: Rows["rows"]): string[][] {
  let above: readonly string[] = [];
  let safe: readonly string[] = [];
  return rows.map((row) => {
    const now = row.map((cell, column) => (cell === above[column] ? (safe[column] ?? "") : printable(cell)));
    above = row;
    safe = now;
    return now;
  });
}
