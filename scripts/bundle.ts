/**
 * bun scripts/bundle.ts OUT: makes the executable `tsnet-bun` from src/main.ts.
 *
 * Everything here is about the start of a plugin, which is most of its time:
 *   - bytecode, so that nothing is parsed; chunks per dynamic import, so that only the part in use is mapped and read;
 *   - the kernel's constants written into the places that use them (1.1 ms of 5.7 for VERSION: each object literal of
 *     constants is built property by property, and each access is a lookup done once).
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
    plugins: [inlineConstants],
  });
  for (const log of logs) console.error(log);
}

if (import.meta.main) {
  const [outfile] = process.argv.slice(2);
  if (outfile === undefined) throw new Error("usage: bun scripts/bundle.ts OUT");
  await bundle(`${import.meta.dir}/../src/main.ts`, outfile);
}
