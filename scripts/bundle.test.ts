import { expect, test } from "bun:test";
import { Glob } from "bun";
import { asEnums, bundleForEngine, withoutNodeModules } from "./bundle.ts";

const root = `${import.meta.dir}/..`;
type Objects = Record<string, Record<string, unknown>>;

test("every constant of the netlink library is the same number as an enum", async () => {
  let compared = 0;
  for (const file of new Glob("src/netlink/**/{constants*,*.const}.ts").scanSync(root)) {
    const text = asEnums(await Bun.file(`${root}/${file}`).text());
    const plain: Objects = await import(`${root}/${file}`);
    const script = new Bun.Transpiler({ loader: "ts" }).transformSync(text);
    const enums: Objects = await import(`data:text/javascript,${encodeURIComponent(script)}`);
    for (const [object, members] of Object.entries(plain)) {
      expect(text).toContain(`export enum ${object} {`);
      for (const [key, value] of Object.entries(members)) {
        expect([object, key, enums[object]?.[key]]).toEqual([object, key, value]);
        compared++;
      }
    }
  }
  expect(compared).toBeGreaterThan(1000);
});

test("one-line objects, expressions and comments", () => {
  const source = `/** A: b */
export const AF = { UNSPEC: 0, INET: 2 } as const;
export const X = {
  /** Y: z, W: 1 */
  A_1: 1 << 3, // B: 2
  C: -0x1f,
} as const;
export const T = { a: 1 };
`;
  const enums = asEnums(source);
  expect(enums.split("\n").length).toBe(source.split("\n").length);
  expect(enums).toContain("export enum AF { UNSPEC = 0, INET = 2 }");
  expect(enums).toContain("A_1 = 1 << 3, // B: 2");
  expect(enums).toContain("C = -0x1f,");
  expect(enums).toContain("export const T = { a: 1 };");
});

/** Of other runtimes' globals, what `src/main/engine/globals.ts` gives to plugins. */
const GIVEN = /^(Bun\.(sleep|CryptoHasher)|Buffer\.(compare|from)|performance\.now|crypto\.getRandomValues)$/;
const FOREIGN =
  /(?<![\w$."'`])(?:(?:Bun|Buffer|performance|crypto)\.\w+|process\.\w+|(?:require|setTimeout|setInterval|setImmediate|queueMicrotask|structuredClone|fetch|atob|btoa)\(|(?:URL|AbortController|Worker|EventEmitter)\b(?=[(.]))/g;

test("what the plugins' engine evaluates uses no runtime but it, and loads nothing later", async () => {
  const bundle = await bundleForEngine(`${root}/src/main/engine/entry.ts`);
  const foreign = [...bundle.matchAll(FOREIGN)].map(([name]) => name);
  expect(foreign).toContain("Bun.sleep");
  expect(foreign.filter((name) => !GIVEN.test(name))).toEqual([]);
  expect(bundle).not.toMatch(/\bimport\(|"node:/);
  const late = [...bundle.matchAll(/\b(init_[\w$]+)=__esm\(/g)].map(([, name]) => name);
  expect(late.length).toBeGreaterThan(100);
  const calls = bundle.slice(bundle.lastIndexOf("(),makeAll()") - 30 * late.length);
  for (const name of late) expect(calls).toContain(`${name}(),`);
});

test("commander is bundled without the node: modules it does not need, and an unknown import is no surprise", async () => {
  const source = await Bun.file(`${root}/node_modules/commander/lib/command.js`).text();
  const lean = withoutNodeModules(source);
  expect([...lean.matchAll(/from 'node:(\w+)'/g)].map(([, name]) => name)).toEqual(["events", "process"]);
  expect(lean.split("\n").length).toBe(source.split("\n").length);
  // Which of them are used at all, and that only for executables as sub-commands and names of script files.
  const uses = [...source.matchAll(/\b(?:childProcess|fs|path)\.(\w+)\(/g)].map(([, name]) => name);
  expect(new Set(uses)).toEqual(
    new Set(["existsSync", "resolve", "extname", "realpathSync", "dirname", "basename", "spawn"]),
  );
  expect(() => withoutNodeModules("import net from 'node:net';")).toThrow("not known here");
});
