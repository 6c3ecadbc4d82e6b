import { expect, test } from "bun:test";
import { cpSync, renameSync, statSync, utimesSync } from "node:fs";
import { believedHeader } from "./index-file.ts";
import type { StoreContext } from "./session.ts";
import { add, BOOT_A, BOOT_B, contextIn, newDataDir, setOf } from "./testing/fixture.ts";

const isBelieved = ({ files, layout }: StoreContext, identity = BOOT_A): boolean =>
  believedHeader(files, layout, identity) !== undefined;

test("an index is believed in its boot, about its folder, as long as nobody else wrote there", async () => {
  using dir = newDataDir();
  const context = contextIn(dir.path);
  const { leases } = context.layout;
  expect(isBelieved(context)).toBe(false);
  await add(context, "c1", [setOf("10.1.0.0/24")]);
  expect(isBelieved(context)).toBe(true);
  expect(isBelieved(context, BOOT_B)).toBe(false);
  expect(isBelieved(context, { ...BOOT_A, bootId: "" })).toBe(false);

  // The same names and the same time, in another folder.
  renameSync(leases, `${leases}-old`);
  cpSync(`${leases}-old`, leases, { recursive: true });
  const { mtime } = statSync(`${leases}-old`);
  utimesSync(leases, mtime, mtime);
  expect(isBelieved(context)).toBe(false);
  await add(context, "c2", [setOf("10.1.0.0/24")]);
  expect(isBelieved(context)).toBe(true);

  utimesSync(leases, new Date(), new Date());
  expect(isBelieved(context)).toBe(false);
});
