/**
 * Which file belongs to which part of the project, and what each part may import: the table of docs/architecture.md.
 * Pure, so that the check itself can be tested on samples.
 */

/** A part: the folder (or file) it is, and what it may import beside its own files. */
interface Part {
  readonly name: string;
  /** Matches paths relative to the project's root. A capture group tells siblings apart: `plugins/bridge`. */
  readonly files: RegExp;
  readonly imports: readonly string[];
}

const NETLINK = ["wire", "socket", "messages", "netlink"];
const BELOW_PLUGINS = ["ip", "native", ...NETLINK, "cni", "kernel", "plugin", "ipam store"];

/** From the bottom up. The first match decides. */
const PARTS: readonly Part[] = [
  { name: "native", files: /^native\//, imports: [] },
  { name: "ip", files: /^src\/ip\//, imports: [] },
  { name: "cli", files: /^src\/cli\//, imports: [] },
  { name: "dbus", files: /^src\/dbus\//, imports: ["native"] },
  { name: "wire", files: /^src\/netlink\/wire\//, imports: ["ip"] },
  { name: "cni", files: /^src\/cni\//, imports: ["ip", "native"] },
  { name: "socket", files: /^src\/netlink\/socket\//, imports: ["ip", "wire", "native"] },
  { name: "messages", files: /^src\/netlink\/([^/]+)\//, imports: ["ip", "wire"] },
  { name: "netlink", files: /^src\/netlink\/[^/]+$/, imports: ["ip", "native", "wire", "socket", "messages"] },
  { name: "kernel", files: /^src\/kernel\//, imports: ["ip", "native", "dbus", ...NETLINK] },
  { name: "plugin", files: /^src\/plugin\//, imports: ["ip", "native", ...NETLINK, "cni", "kernel"] },
  { name: "ipam store", files: /^ipam\/store\//, imports: ["ip", "native", "cni"] },
  { name: "plugins", files: /^plugins\/([^/]+)\//, imports: BELOW_PLUGINS },
  { name: "ipam", files: /^ipam\/([^/]+)\//, imports: BELOW_PLUGINS },
  { name: "commands", files: /^src\/(?!main\b)([^/]+)\//, imports: [...BELOW_PLUGINS, "cli", "plugins", "ipam"] },
  { name: "main", files: /^src\/main[./]/, imports: [...BELOW_PLUGINS, "cli", "plugins", "ipam", "commands"] },
];

/** These may import everything, and nothing outside them may import them. */
const OUTSIDE = /^(netns-tests|bench|examples|scripts)\//;

/** Test files, and the helpers they share: `x.test.ts`, or anything in a folder `testing`, `test` or `support`. */
export const isTest = (path: string): boolean => /\.test\.ts$|(^|\/)(testing|test|support)\//.test(path);

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `import type`, `export type`: nothing is loaded at run time. */
  readonly typeOnly: boolean;
  /** `import("…")`: loaded when it is reached. */
  readonly dynamic: boolean;
}

/** Every import and re-export of a module, with comments taken out first so that examples in them do not count. */
export function importsOf(source: string): Import[] {
  const code = blankComments(source);
  const pattern =
    /\b(?:(import|export)\b(\s+type\b)?[^"'`;()=]*?\bfrom\s*|(import)\s*\(\s*|(import)\s*)(["'])([^"'\n]+)\5/g;
  return [...code.matchAll(pattern)].map((match) => ({
    specifier: match[6] ?? "",
    line: code.slice(0, match.index).split("\n").length,
    typeOnly: match[2] !== undefined,
    dynamic: match[3] !== undefined,
  }));
}

/** Replaces comments by blanks; strings and template literals stay. Line breaks stay where they are. */
function blankComments(source: string): string {
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/g;
  return source.replace(token, (text) =>
    text.startsWith("//") || text.startsWith("/*") ? text.replace(/[^\n]/g, " ") : text,
  );
}

/** `a/b/c.ts` and `../d.ts` give `a/d.ts`. */
export function resolveFrom(file: string, specifier: string): string {
  const parts = file.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function partOf(path: string): { part: Part; sibling: string | undefined } | undefined {
  for (const part of PARTS) {
    const match = part.files.exec(path);
    if (match) return { part, sibling: match[1] };
  }
  return undefined;
}

/** Why `file` must not import `target` (both relative to the root), or `undefined` if it may. */
export function refusal(file: string, target: string): string | undefined {
  if (OUTSIDE.test(file)) return undefined;
  const from = partOf(file);
  if (!from) return `${file} belongs to no layer (scripts/layers.ts)`;
  if (isTest(target) && !isTest(file)) return "a test's helper is imported by code that is no test";
  if (isTest(target)) return undefined;
  if (OUTSIDE.test(target)) return `${from.part.name} may not import what stands outside the layers`;
  const to = partOf(target);
  if (!to) return `${target} belongs to no layer (scripts/layers.ts)`;
  if (to.part === from.part) {
    return to.sibling === from.sibling ? undefined : `sideways: ${from.sibling} may not import ${to.sibling}`;
  }
  if (from.part.imports.includes(to.part.name)) return undefined;
  return `${from.part.name} may import ${from.part.imports.join(", ") || "nothing but itself"}; not ${to.part.name}`;
}
