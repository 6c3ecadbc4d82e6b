import { type LinkNames, linkNames } from "../forms/names.ts";
import type { Look, Namespace, Part, Snapshot } from "../look/index.ts";
import type { Surroundings } from "../surroundings.ts";

/** One namespace as a topic sees it. */
export interface Seen<Options = object> {
  readonly snapshot: Snapshot;
  readonly look: Look;
  readonly nameOf: LinkNames;
  readonly options: Options;
}

/** One kind of thing that namespaces have: how it is read, what `--json` gives, what people see. */
export interface Topic<Options extends object = object> {
  /** The word: `tsnet link ls`. */
  readonly name: string;
  readonly description: string;
  readonly examples: readonly string[];
  readonly parts: readonly Part[];
  /** Whether people see where links lead to, for which other namespaces have to be looked at. */
  readonly peers?: boolean;
  /** `ip -j link` and so on: what `--json` has the form of, for the help. */
  readonly form: string;
  readonly options?: readonly (readonly [flags: string, description: string])[];
  /** The value of `--json` for one namespace. */
  json(seen: Seen<Options>): unknown;
  /** The same as text, straight from what the kernel says; `undefined` when that is out of the ordinary, for the long way. */
  fastJson?(s: Pick<Surroundings, "native">, ns: Namespace, options: Options): string | undefined;
  /** The same for people, who are no terminal: whole lines, with their heading. */
  fastText?(s: Pick<Surroundings, "native">, ns: Namespace, options: Options): string | undefined;
  /** Lines for people, each cell escaped by the caller; or a whole text, escaped already. */
  text(seen: Seen<Options>): Rows | string;
}

export interface Rows {
  readonly heading: readonly string[];
  /** Hostile text: escaped when it is printed. */
  readonly rows: readonly (readonly string[])[];
}

export const seenBy = <O>(snapshot: Snapshot, look: Look, options: O): Seen<O> => ({
  snapshot,
  look,
  nameOf: linkNames(snapshot.links ?? snapshot.linkNames ?? []),
  options,
});
