import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faulty, systemError } from "../../ipam/store/testing/fixture.ts";
import { loadNative } from "../../native/load.ts";
import { ownerOf } from "../../src/plugin/owner.ts";
import type { Files } from "./files.ts";
import { type Before, recordsOf, takeBackRecord, writeRecord } from "./record.ts";

const native = loadNative();
const scratch = mkdtempSync(join(tmpdir(), "tsnet-record-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const ATTACHMENT = { network: "n", containerId: "c", ifName: "eth0" };
const record = (mtu: number): Before => ({
  settings: { mtu },
  ours: { owner: ownerOf(ATTACHMENT), netns: "/run/netns/x", identity: "4:5", link: 2, sysctls: [["net/a", "1"]] },
});

const newFolder = (): string => mkdtempSync(join(scratch, "d"));
const write = (files: Files, folder: string, mtu: number) => writeRecord(files, folder, ATTACHMENT, () => record(mtu));
const contents = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));

/** Runs `work` with its first, second … call of a file function failing, until it has no more of them. */
function failEach(code: string, prepare: (folder: string) => void, work: (files: Files, folder: string) => unknown) {
  for (let at = 0; ; at++) {
    const folder = newFolder();
    prepare(folder);
    const before = contents(folder);
    const { files, calls } = faulty(native, (call, name) => (call === at ? systemError(name, code) : undefined));
    try {
      work(files as Files, folder);
      if (calls.length <= at) return at;
      // It was not needed, as a second look at something is not.
    } catch (error) {
      expect(String(error)).toContain(code);
      expect(contents(folder)).toEqual(before);
    }
  }
}

describe.each(["ENOSPC", "EACCES", "EIO", "EDQUOT"])("when a file function fails with %s", (code) => {
  test("a first record is written whole or not at all", () => {
    expect(
      failEach(
        code,
        () => {},
        (files, folder) => write(files, folder, 1),
      ),
    ).toBeGreaterThanOrEqual(2);
  });

  test("an earlier record stays as it was", () => {
    const prepare = (folder: string) => write(native, folder, 1);
    expect(failEach(code, prepare, (files, folder) => write(files, folder, 2))).toBeGreaterThanOrEqual(2);
  });

  test("what cannot be taken back is an error", () => {
    const prepare = (folder: string) => write(native, folder, 1);
    const path = (folder: string) => join(folder, "c_eth0.json");
    for (const earlier of [undefined, record(7)])
      expect(failEach(code, prepare, (files, folder) => takeBackRecord(files, { path: path(folder), earlier }))).toBe(
        1,
      );
  });
});

test("the folder is made when it is absent, and its absence for ever is an error, not a loop", () => {
  const folder = join(newFolder(), "a/b");
  write(native, folder, 1);
  expect(recordsOf(native, folder, ATTACHMENT).map(({ record: { settings } }) => settings)).toEqual([{ mtu: 1 }]);
  const { files, calls } = faulty(native, (_, name) =>
    name === "createFile" ? systemError(name, "ENOENT") : undefined,
  );
  expect(() => write(files as Files, folder.replace(/b$/, "c"), 1)).toThrow("ENOENT");
  expect(calls.length).toBeLessThan(20);
});

test.each(["", "{", '{"mtu":', "\0\0\0", '{"tsnet":5}', "[]"])(
  "a record that a crash cut to %j says nothing and makes way",
  (text) => {
    const folder = newFolder();
    writeFileSync(join(folder, "c_eth0.json"), text);
    expect(recordsOf(native, folder, ATTACHMENT)[0]?.record).toEqual({ settings: {}, ours: undefined });
    write(native, folder, 9);
    expect(recordsOf(native, folder, ATTACHMENT)[0]?.record.settings).toEqual({ mtu: 9 });
    expect(readdirSync(folder)).toEqual(["c_eth0.json"]);
  },
);
