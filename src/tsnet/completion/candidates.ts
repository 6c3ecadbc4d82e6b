import type { Argument, Command, Option } from "commander";
import { CniError } from "../../cni/errors.ts";
import { networkFiles } from "../cni/networks.ts";
import { readBooks } from "../ipam/books.ts";
import { findNamespaces } from "../look/index.ts";
import type { Surroundings } from "../surroundings.ts";

/** One thing that could stand where the cursor is. */
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/**
 * What could be written in place of the last word. Empty where only a path fits, or nothing is known.
 * @param words all behind `tsnet`, the last one as far as it is written
 */
export function candidates(s: Surroundings, program: Command, words: readonly string[]): Candidate[] {
  const before = words.slice(0, -1);
  const prefix = words.at(-1) ?? "";
  const { command, args, pending, verbatim } = walk(program, before);
  const fits = (all: readonly Candidate[]): Candidate[] =>
    all.filter(({ value }) => value.startsWith(prefix) && isSafe(value));
  if (verbatim) return [];
  if (pending) return fits(values(s, pending.long ?? "", command));
  if (prefix.startsWith("-")) return fits(optionsOf(command));
  if (command.commands.length > 0)
    return fits(command.commands.map((c) => ({ value: c.name(), description: c.description() })));
  const argument = command.registeredArguments[args];
  return argument ? fits(argumentValues(s, argument, command)) : [];
}

/** Names come from containers: what a shell would take for more than a word is not offered. */
const isSafe = (value: string): boolean => /^[\w.:@%+,=/[\]-]+$/.test(value);

/** Follows the words to the command they name. */
function walk(program: Command, words: readonly string[]) {
  let command = program;
  let args = 0;
  let pending: Option | undefined;
  let verbatim = false;
  for (const text of words) {
    if (pending) {
      pending = undefined;
      continue;
    }
    if (text.startsWith("-") && text !== "-") {
      const option = command.options.find((o) => o.long === text || o.short === text);
      if (option?.required) pending = option;
      continue;
    }
    const child = command.commands.find((c) => c.name() === text);
    if (child) command = child;
    else args++;
    // What follows is another program's.
    if (command.name() === "exec" && args >= 2) verbatim = true;
  }
  return { command, args, pending, verbatim };
}

const optionsOf = (command: Command): Candidate[] => [
  ...command.options.filter((o) => o.long).map((o) => ({ value: o.long ?? "", description: o.description })),
  { value: "--help", description: "what it does, with examples" },
];

const plain = (...all: readonly string[]): Candidate[] => all.map((value) => ({ value, description: "" }));

function values(s: Surroundings, option: string, command: Command): Candidate[] {
  if (option === "--namespace") return namespaces(s);
  if (option === "--table" && command.parent?.name() === "route") return plain("main", "local", "default", "all");
  return [];
}

function argumentValues(s: Surroundings, argument: Argument, command: Command): Candidate[] {
  switch (argument.name()) {
    case "ns":
      return namespaces(s);
    case "name":
      return command.name() === "del" ? namespaces(s).filter(({ description }) => description === "name") : [];
    case "network":
      return networks(s, command.parent?.name() === "ipam");
    case "protocol":
      return plain("tcp", "udp", "sctp");
    case "shell":
      return plain("bash", "zsh", "fish");
    default:
      return [];
  }
}

function namespaces({ native }: Surroundings): Candidate[] {
  const found = new Map<string, string>();
  for (const ns of findNamespaces(native).namespaces) {
    if (ns.host) found.set("host", "this machine's own");
    if (ns.name !== undefined) found.set(ns.name, "name");
    for (const { name, runtime, pod } of ns.containers) {
      if (name !== undefined && !found.has(name)) found.set(name, `container of ${runtime}`);
      if (pod && !found.has(pod.name)) found.set(pod.name, "pod");
    }
  }
  return [...found].map(([value, description]) => ({ value, description }));
}

function networks(s: Surroundings, withLeases: boolean): Candidate[] {
  if (withLeases) return readBooks(s, {}).map(({ network }) => ({ value: network, description: "network" }));
  return networkFiles(s, {}).flatMap(({ network }) =>
    network instanceof CniError ? [] : [{ value: network.name, description: "network" }],
  );
}
