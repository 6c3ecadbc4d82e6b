/**
 * bun scripts/bundle.ts commands OUT: makes the executable `tsnet-bun` from src/main.ts, for `tsnet` and `tsbox`: bytecode, so that
 * nothing is parsed, and chunks per dynamic import, so that only the part in use is mapped and read.
 *
 * bun scripts/bundle.ts plugins OUT: makes the script that the plugins' engine evaluates when it is built (native/engine),
 * from src/main/engine/entry.ts. Modules that are loaded when they are needed are loaded there and then, for all processes.
 *
 * In both the kernel's constants are written into the places that use them: each object literal of constants is otherwise
 * built property by property.
 */
import type { BunPlugin } from "bun";

/**
 * Constant objects (`export const IFLA = { … } as const`) as enums, whose members the bundler replaces by their numbers. The
 * sources do not have enums, so that they stay JavaScript with types. Lines stay where they are, for the source map.
 */
export function asEnums(source: string): string {
  return source.replace(
    /^(export )?const ([A-Z][A-Z0-9_]*) = \{([^{}]*)\} as const;/gm,
    (_whole, exported = "", name: string, members: string) =>
      `${exported}enum ${name} {${members.replace(/((?:^|,)\s*(?:\/\*.*?\*\/\s*)?[A-Z]\w*): /gm, "$1 = ")}}`,
  );
}

const inlineConstants: BunPlugin = {
  name: "inline constants",
  setup(build) {
    build.onLoad({ filter: /\/src\/netlink\/.*\.ts$/ }, async ({ path }) => ({
      contents: asEnums(await Bun.file(path).text()),
      loader: "ts",
    }));
  },
};

/** What commander imports and never uses here; a millisecond each to load. Command lines are given to it as words of a person. */
const UNUSED_BY_COMMANDER: Readonly<Record<string, string>> = {
  "import childProcess from 'node:child_process';": "const childProcess = undefined;",
  "import fs from 'node:fs';": "const fs = undefined;",
  "import path from 'node:path';": "const path = undefined;",
  "import { stripVTControlCharacters } from 'node:util';": "const stripVTControlCharacters = Bun.stripANSI;",
};

/**
 * commander without the node: modules it wants for what the commands do not do: executables as sub-commands, and names taken
 * from a script's file. A line that is not there any more fails the build, so that a new version is looked at.
 */
export function withoutNodeModules(source: string): string {
  const lines = source.split("\n");
  for (const [i, line] of lines.entries()) {
    if (!line.includes("'node:") || /'node:(events|process)'/.test(line)) continue;
    const other = UNUSED_BY_COMMANDER[line];
    if (other === undefined) throw new Error(`commander imports what is not known here: ${line}`);
    lines[i] = other;
  }
  return lines.join("\n");
}

const leanCommander: BunPlugin = {
  name: "commander without node: modules",
  setup(build) {
    build.onLoad({ filter: /\/commander\/lib\/\w+\.js$/ }, async ({ path }) => ({
      contents: withoutNodeModules(await Bun.file(path).text()),
      loader: "js",
    }));
  },
};

/** Compiles a program to an executable; the source maps go beside it and into it. */
export async function bundle(entry: string, outfile: string): Promise<void> {
  const { logs } = await Bun.build({
    entrypoints: [entry],
    // By default a compiled executable reads .env and runs bunfig.toml of the folder it starts in.
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
    format: "esm",
    splitting: true,
    bytecode: true,
    minify: true,
    sourcemap: "linked",
    plugins: [inlineConstants, leanCommander],
  });
  for (const log of logs) console.error(log);
}

/** Inside the engine the addon's functions are there from the beginning. */
const engineNative: BunPlugin = {
  name: "the engine's native functions",
  setup(build) {
    build.onLoad({ filter: /\/native\/load\.ts$/ }, () => ({
      contents: 'export * from "./engine/load.ts";',
      loader: "ts",
    }));
  },
};

/**
 * The script of the plugins' engine. Modules that it would load when they are needed are evaluated just before `makeAll()` is
 * called, which the entry has to do.
 */
export async function bundleForEngine(entry: string): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [entry],
    target: "browser",
    format: "iife",
    minify: { whitespace: true, syntax: true },
    plugins: [inlineConstants, engineNative],
  });
  const text = (await outputs[0]?.text()) ?? "";
  // The bundler's form of a module that is evaluated when it is first asked for, at most once.
  const late = [...text.matchAll(/\b(init_[\w$]+)=__esm\(/g)].map((match) => `${match[1]}(),`).join("");
  const call = [...text.matchAll(/(?<!function )\bmakeAll\(\)/g)].at(-1);
  if (!call) throw new Error(`${entry} calls no makeAll()`);
  return text.slice(0, call.index) + late + text.slice(call.index);
}

if (import.meta.main) {
  const [what, outfile] = process.argv.slice(2);
  const source = `${import.meta.dir}/../src`;
  if (what === "commands" && outfile) await bundle(`${source}/main.ts`, outfile);
  else if (what === "plugins" && outfile)
    await Bun.write(outfile, await bundleForEngine(`${source}/main/engine/entry.ts`));
  else throw new Error("usage: bun scripts/bundle.ts commands|plugins OUT");
}
