import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { loadNative } from "../../native/load.ts";
import { CniError } from "../../src/cni/errors.ts";
import { errnoOf } from "./files.ts";
import type { StoreContext } from "./session.ts";
import {
  add,
  BOOT_A,
  BOOT_B,
  contextIn,
  del,
  faulty,
  leasesOn,
  newDataDir,
  setOf,
  systemError,
} from "./testing/fixture.ts";
import { collect } from "./verbs.ts";

const V4 = setOf("10.1.0.0/28"); // .2 to .14
const SETS = [V4, setOf("fd00::/124")];
const real = loadNative();

/** The end of a process: nothing after it runs, so every later call fails as well. */
class Died extends Error {}

type Operation = (context: StoreContext) => Promise<unknown>;

const OPERATIONS: Record<string, { operation: Operation; boot?: typeof BOOT_B }> = {
  ADD: { operation: (context) => add(context, "subject", SETS) },
  "ADD of an address somebody left empty": {
    operation: (context) => {
      writeFileSync(`${context.layout.leases}/10.1.0.4`, "");
      return add(context, "subject", SETS);
    },
  },
  "ADD after the reference wrote": {
    operation: (context) => {
      writeFileSync(`${context.layout.leases}/10.1.0.9`, "foreign\r\neth0");
      return add(context, "subject", SETS);
    },
  },
  "ADD after a boot": { operation: (context) => add(context, "subject", SETS), boot: BOOT_B },
  DEL: { operation: (context) => del(context, "second") },
  GC: { operation: (context) => collect(context, [{ containerID: "first", ifname: "eth0" }]) },
};

/** Runs the operation with a fault at one call; true when there was such a call. */
async function interrupted(
  dataDir: string,
  operation: Operation,
  identity: typeof BOOT_A,
  fault: (name: string) => Error,
  at: number,
): Promise<boolean> {
  let died = false;
  const { files, calls } = faulty(real, (call, name) => {
    if (died) return new Died();
    if (call !== at) return undefined;
    const error = fault(name);
    died = error instanceof Died;
    return error;
  });
  try {
    await operation(contextIn(dataDir, { files, identity }));
  } catch (error) {
    const expected = error instanceof Died || error instanceof CniError || errnoOf(error) !== undefined;
    if (!expected) throw error;
  }
  return calls.length > at;
}

/** What must hold whatever happened before: every call gives what a fresh reading of the folder would give. */
async function expectSound(dataDir: string, identity: typeof BOOT_A): Promise<void> {
  const store = contextIn(dataDir, { identity });
  await del(store, "nobody"); // leases of an earlier boot go with the first call
  const before = leasesOn(store);
  for (const content of Object.values(before)) expect(content === "" || content.endsWith("\r\neth0")).toBe(true);
  // Never an address twice, and round to the last free one.
  const given: string[] = [];
  for (let i = 0; ; i++) {
    try {
      given.push(...(await add(store, `fill${i}`, [V4])));
    } catch (error) {
      expect(error instanceof CniError && error.code).toBe(11);
      break;
    }
  }
  const held = Object.entries(before).filter(([name, content]) => name.startsWith("10.") && content !== "");
  expect(given.filter((text) => held.some(([name]) => name === text))).toEqual([]);
  expect(new Set(given).size).toBe(given.length);
  expect(given.length + held.length).toBe(13);
  expect(given).not.toContain("10.1.0.1");
  // DEL finds everything, once and again; then GC finds nothing left.
  for (const id of ["first", "second", "subject", "foreign", ...given.map((_, i) => `fill${i}`)]) {
    await del(store, id);
    expect(await del(store, id)).toEqual([]);
  }
  expect(leasesOn(store)).toEqual({});
  await collect(store, []);
  for (const boot of readdirSync(store.layout.own).includes("records") ? readdirSync(store.layout.records) : [])
    expect(readdirSync(`${store.layout.records}/${boot}`)).toEqual([]);
}

async function prepare(dataDir: string): Promise<void> {
  const store = contextIn(dataDir);
  await add(store, "first", SETS);
  await add(store, "second", SETS);
}

describe("a fault at each file operation", () => {
  for (const [name, { operation, boot }] of Object.entries(OPERATIONS)) {
    for (const code of ["EIO", "ENOSPC"])
      test(`${name}: ${code} at each call in turn, then all is sound`, async () => {
        for (let at = 0; ; at++) {
          using dir = newDataDir();
          await prepare(dir.path);
          const reached = await interrupted(dir.path, operation, boot ?? BOOT_A, (call) => systemError(call, code), at);
          await expectSound(dir.path, boot ?? BOOT_A);
          if (!reached) break;
        }
      });

    test(`${name}: killed before each call in turn, then all is sound`, async () => {
      for (let at = 0; ; at++) {
        using dir = newDataDir();
        await prepare(dir.path);
        const reached = await interrupted(dir.path, operation, boot ?? BOOT_A, () => new Died(), at);
        await expectSound(dir.path, boot ?? BOOT_A);
        if (!reached) break;
      }
    });
  }

  test("an ADD that failed leaves no address behind", async () => {
    for (let at = 0; ; at++) {
      using dir = newDataDir();
      await prepare(dir.path);
      const before = leasesOn(contextIn(dir.path));
      let failed = false;
      const { files, calls } = faulty(real, (call, name) => (call === at ? systemError(name, "EIO") : undefined));
      await add(contextIn(dir.path, { files }), "subject", SETS).catch(() => {
        failed = true;
      });
      if (failed) expect(leasesOn(contextIn(dir.path))).toEqual(before);
      if (calls.length <= at) break;
    }
  });
});

/** Steps on one folder: ours with and without a fault, and somebody else's, who writes as the reference does. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("add" as const), id: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("del" as const), id: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("gc" as const), id: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("foreign" as const), id: fc.nat(9), host: fc.integer({ min: 2, max: 14 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("killed" as const), id: fc.nat(9), at: fc.nat(25) }) },
);

describe("random histories", () => {
  test("never an address twice, never one lost, never the gateway", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        using dir = newDataDir();
        const store = contextIn(dir.path);
        mkdirSync(store.layout.leases);
        for (const each of steps) {
          const before = leasesOn(store);
          const id = `c${each.id}`;
          const own = Object.keys(before).filter((name) => before[name] === `${id}\r\neth0`);
          if (each.do === "add") {
            const outcome = await add(store, id, [V4]).catch((error: unknown) => error);
            if (own.length > 0) expect(outcome).toMatchObject({ code: 100 });
            else if (Object.keys(before).length === 13) expect(outcome).toMatchObject({ code: 11 });
            else {
              const [ip = ""] = Array.isArray(outcome) ? outcome : [];
              expect(before[ip]).toBeUndefined();
              expect(ip).not.toBe("10.1.0.1");
              expect(leasesOn(store)).toEqual({ ...before, [ip]: `${id}\r\neth0` });
            }
          } else if (each.do === "del") {
            expect((await del(store, id)).sort()).toEqual(own.sort());
            for (const name of own) delete before[name];
            expect(leasesOn(store)).toEqual(before);
          } else if (each.do === "gc") {
            await collect(store, [{ containerID: id, ifname: "eth0" }]);
            expect(Object.keys(leasesOn(store))).toEqual(own.sort());
          } else if (each.do === "foreign") {
            const name = `10.1.0.${each.host}`;
            if (before[name] === undefined && own.length === 0)
              writeFileSync(`${store.layout.leases}/${name}`, `${id}\r\neth0`, { flag: "wx" });
          } else {
            await interrupted(
              dir.path,
              (context) => add(context, id, [V4]),
              BOOT_A,
              () => new Died(),
              each.at,
            );
            const after = leasesOn(store);
            for (const [name, content] of Object.entries(before)) expect(after[name]).toBe(content);
          }
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
