import { expect, test } from "bun:test";
import { Glob } from "bun";
import { asEnums } from "./bundle.ts";

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
