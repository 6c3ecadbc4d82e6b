/**
 * Compares the constants of the netlink library and of tsbox with the kernel's own headers, by letting the C compiler print them. The
 * convention (CONTRIBUTING.md): a line naming the header, or headers, stands right above each object, and a key is the
 * kernel's name without the object's name and an underscore:
 *
 *     // header: linux/if_link.h
 *     export const IFLA_VXLAN = { ID: 1, … } as const;      // ID is IFLA_VXLAN_ID
 *
 * `// header: none (why)` says that no header has them. A name that the installed headers lack is listed as skipped (they
 * may be older than the name); an object of which they have none is an error.
 */
import { Glob, spawn } from "bun";

const FILES = "src/{netlink,tsbox}/**/{constants*,*.const}.ts";

interface Constant {
  readonly name: string;
  readonly value: bigint;
}

export interface Group {
  readonly object: string;
  readonly headers: readonly string[];
  readonly constants: readonly Constant[];
}

export interface Verdict {
  readonly checked: number;
  readonly skipped: readonly string[];
  readonly problems: readonly string[];
}

/** The objects of a file and their headers; `values` is the loaded module. */
export function groupsOf(source: string, values: Record<string, unknown>): { groups: Group[]; problems: string[] } {
  const groups: Group[] = [];
  const problems: string[] = [];
  for (const match of source.matchAll(/(?:^\/\/ header: ([^\n]+)\n)?^export const ([A-Z_][A-Z0-9_]*) = \{/gm)) {
    const [, headers, object = ""] = match;
    if (headers === undefined) problems.push(`${object}: no line "// header: linux/….h" right above it`);
    else if (!headers.startsWith("none")) {
      const constants: Constant[] = [];
      for (const [key, value] of Object.entries(values[object] ?? {})) {
        if (typeof value === "number" || typeof value === "bigint") {
          constants.push({ name: `${object}_${key}`, value: BigInt(value) });
        } else problems.push(`${object}.${key}: not a number`);
      }
      groups.push({ object, headers: headers.split(/[,\s]+/), constants });
    }
  }
  return { groups, problems };
}

export async function compareWithHeaders(groups: readonly Group[]): Promise<Verdict> {
  const skipped: string[] = [];
  const problems: string[] = [];
  let checked = 0;
  for (const { object, headers, constants } of groups) {
    const messages = await compile(headers, constants);
    const missing = headers.filter((header) => messages.some((text) => text.includes(`${header}: No such file`)));
    if (missing.length > 0) {
      skipped.push(`${object} (no header ${missing.join(", ")})`);
      continue;
    }
    const unknown = namesIn(messages, /'(\w+)' undeclared/);
    if (constants.length > 0 && constants.every(({ name }) => unknown.has(name))) {
      problems.push(`${object}: ${headers.join(", ")} has none of its names, not even ${constants[0]?.name}`);
      continue;
    }
    skipped.push(...unknown);
    const wrong = namesIn(messages, /static assertion failed: "(\w+)/);
    for (const { name, value } of constants)
      if (wrong.has(name)) problems.push(`${name} is not ${value} in ${headers}`);
    checked += constants.length - unknown.size;
    const odd = messages.filter((text) => /\berror:/.test(text) && !/undeclared|static assertion/.test(text));
    problems.push(...odd.map((text) => `${object}: ${text}`));
  }
  return { checked, skipped, problems };
}

function namesIn(messages: readonly string[], pattern: RegExp): Set<string> {
  return new Set(messages.map((text) => pattern.exec(text)?.[1]).filter((name) => name !== undefined));
}

/** One assertion for each constant; returns the compiler's messages. */
async function compile(headers: readonly string[], constants: readonly Constant[]): Promise<string[]> {
  const program = [
    "#include <sys/socket.h>",
    "#include <linux/types.h>",
    ...headers.map((header) => `#include <${header}>`),
    // The same low 64 bits, so that a mask may be signed in C and unsigned here.
    ...constants.map(
      ({ name, value }) =>
        `_Static_assert((unsigned long long)(${name}) == ${BigInt.asUintN(64, value)}ULL || ` +
        `(unsigned)(${name}) == ${BigInt.asUintN(64, value)}ULL, "${name}");`,
    ),
  ].join("\n");
  const compiler = spawn(["gcc", "-std=gnu11", "-fsyntax-only", "-fmax-errors=0", "-xc", "-"], {
    stdin: new Blob([program, "\n"]),
    stderr: "pipe",
    env: { ...process.env, LC_ALL: "C" },
  });
  const text = await new Response(compiler.stderr).text();
  const status = await compiler.exited;
  if (status !== 0 && !text.includes("error:")) throw new Error(`gcc ended with ${status}: ${text}`);
  return text.split("\n");
}

if (import.meta.main) {
  const groups: Group[] = [];
  const problems: string[] = [];
  for await (const path of new Glob(FILES).scan(".")) {
    const found = groupsOf(await Bun.file(path).text(), await import(`${process.cwd()}/${path}`));
    groups.push(...found.groups);
    problems.push(...found.problems.map((problem) => `${path}: ${problem}`));
  }
  const verdict = await compareWithHeaders(groups);
  problems.push(...verdict.problems);
  if (verdict.skipped.length > 0) console.log(`not in the installed headers: ${verdict.skipped.join(" ")}`);
  for (const problem of problems) console.log(problem);
  console.log(
    `${verdict.checked} constants as in the headers, ${verdict.skipped.length} skipped, ${problems.length} wrong`,
  );
  process.exit(problems.length === 0 ? 0 : 1);
}
