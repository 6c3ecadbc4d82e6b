/**
 * Fails on an import that runs up or sideways (scripts/layers.ts), and on a `node:` module or an npm package on the way to
 * a plugin's answer: those cost one to ten milliseconds of each start (docs/adr/0001).
 */
import { Glob } from "bun";
import { type Import, importsOf, isTest, refusal, resolveFrom } from "./layers.ts";

const FOLDERS = "{native,src,plugins,ipam,netns-tests,bench,examples,scripts}";

/** The modules that a plugin call loads start here. What is imported dynamically loads later, if at all. */
const isStart = (path: string): boolean => path === "src/main.ts" || /^(plugins|ipam)\/[^/]+\/[^/]+\.ts$/.test(path);

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
  readonly reason: string;
}

/** @param files path relative to the root → source */
export function violations(files: ReadonlyMap<string, string>): Violation[] {
  const imports = new Map([...files].map(([file, source]) => [file, importsOf(source)]));
  return [...wrongLayers(imports), ...slowImports(imports)];
}

function wrongLayers(imports: ReadonlyMap<string, readonly Import[]>): Violation[] {
  const found: Violation[] = [];
  for (const [file, list] of imports) {
    for (const { specifier, line } of list) {
      if (!specifier.startsWith(".")) continue;
      const reason = refusal(file, resolveFrom(file, specifier));
      if (reason) found.push({ file, line, specifier, reason });
    }
  }
  return found;
}

function slowImports(imports: ReadonlyMap<string, readonly Import[]>): Violation[] {
  const queue = [...imports.keys()].filter((path) => isStart(path) && !isTest(path));
  const seen = new Set(queue);
  const found: Violation[] = [];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    for (const { specifier, line, typeOnly, dynamic } of imports.get(file) ?? []) {
      if (typeOnly || dynamic) continue;
      if (!specifier.startsWith(".")) {
        found.push({
          file,
          line,
          specifier,
          reason: "loaded at every start of a plugin: use the addon, or import it lazily",
        });
        continue;
      }
      const target = resolveFrom(file, specifier);
      if (!seen.has(target)) queue.push(target);
      seen.add(target);
    }
  }
  return found;
}

async function readSources(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const path of new Glob(`${FOLDERS}/**/*.ts`).scan(".")) files.set(path, await Bun.file(path).text());
  return files;
}

if (import.meta.main) {
  const files = await readSources();
  const found = violations(files);
  for (const { file, line, specifier, reason } of found)
    console.log(`${file}:${line}: import "${specifier}": ${reason}`);
  console.log(`${files.size} files, ${found.length} imports against the layers`);
  process.exit(found.length === 0 ? 0 : 1);
}
