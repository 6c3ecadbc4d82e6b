import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { loadNative } from "../../native/load.ts";
import { CniError } from "../../src/cni/errors.ts";
import { formatIp, parseIp } from "../../src/ip/index.ts";
import { unwritable } from "./files.ts";
import { fullSets } from "./state.ts";
import {
  add,
  BOOT_A,
  BOOT_B,
  contextIn,
  del,
  faulty,
  isStamped,
  leasesOn,
  newDataDir,
  OTHER_MACHINE,
  setOf,
  systemError,
} from "./testing/fixture.ts";
import { collect, heldBy, listLeases, releaseAddress } from "./verbs.ts";

const V4 = setOf("10.1.0.0/24");
const V6 = setOf("fd00::/64");
const SMALL = setOf("10.1.0.0/29"); // .2 to .6

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    return `accepted: ${JSON.stringify(await promise)}`;
  } catch (error) {
    if (error instanceof CniError) return `${error.code} ${error.message}`;
    throw error;
  }
}

describe("files", () => {
  test("are the reference's: names, content, modes", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    expect(await add(store, "cid", [V4, V6])).toEqual(["10.1.0.2", "fd00::2"]);
    expect(readdirSync(store.layout.leases).sort()).toEqual(
      ["10.1.0.2", "fd00::2", "last_reserved_ip.0", "last_reserved_ip.1", "lock"].sort(),
    );
    expect(leasesOn(store)).toEqual({ "10.1.0.2": "cid\r\neth0", "fd00::2": "cid\r\neth0" });
    expect(readFileSync(`${store.layout.leases}/last_reserved_ip.1`, "latin1")).toBe("fd00::2");
    expect(statSync(store.layout.leases).mode & 0o777).toBe(0o755);
    expect(statSync(`${store.layout.leases}/10.1.0.2`).mode & 0o777).toBe(0o600);
    expect(statSync(`${dir.path}/.tsnet`).mode & 0o777).toBe(0o700);
  });

  test("last_reserved_ip shrinks with its address", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    mkdirSync(store.layout.leases);
    writeFileSync(`${store.layout.leases}/last_reserved_ip.0`, "10.1.0.254");
    expect(await add(store, "a", [V4])).toEqual(["10.1.0.2"]);
    expect(readFileSync(`${store.layout.leases}/last_reserved_ip.0`, "latin1")).toBe("10.1.0.2");
  });

  test("lock stays the same file", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    await add(store, "a", [V4]);
    const { ino } = statSync(store.layout.lock);
    await del(store, "a");
    await collect(store, []);
    expect(statSync(store.layout.lock).ino).toBe(ino);
  });

  test("network names that are no folder of their own are refused", () => {
    for (const name of ["", ".", "..", "a/b", "../a", ".tsnet", "a b", "x".repeat(256)])
      expect(() => contextIn("/nowhere", { network: name })).toThrow(CniError);
  });

  test("two networks never mix", async () => {
    using dir = newDataDir();
    for (const network of ["a", "a-b", "a_b", "a.b"])
      expect(await add(contextIn(dir.path, { network }), "cid", [V4])).toEqual(["10.1.0.2"]);
    await del(contextIn(dir.path, { network: "a" }), "cid");
    await collect(contextIn(dir.path, { network: "a-b" }), []);
    for (const [network, count] of [
      ["a", 0],
      ["a-b", 0],
      ["a_b", 1],
      ["a.b", 1],
    ] as const)
      expect(Object.keys(leasesOn(contextIn(dir.path, { network }))).length).toBe(count);
  });
});

describe("allocation", () => {
  test("a second ADD is refused, or gets the same address with reuseExisting", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    await add(store, "a", [V4]);
    expect(await refusal(add(store, "a", [V4]))).toBe(
      "100 10.1.0.2 has been allocated to a eth0, duplicate allocation is not allowed",
    );
    expect(await add(store, "a", [V4], { reuseExisting: true })).toEqual(["10.1.0.2"]);
    expect(await add(store, "a", [V4], { ifName: "eth1" })).toEqual(["10.1.0.3"]);
    expect(Object.keys(leasesOn(store))).toEqual(["10.1.0.2", "10.1.0.3"]);
  });

  test("a refused second ADD leaves the first one's addresses alone", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    await add(store, "a", [V6]);
    expect(await refusal(add(store, "a", [V4, V6]))).toStartWith("100 fd00::2 has been allocated");
    expect(leasesOn(store)).toEqual({ "fd00::2": "a\r\neth0" });
  });

  test("an address given again is not taken back when a later set is full", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    await add(store, "a", [V6]);
    for (const id of ["b", "c", "d", "e", "f"]) await add(store, id, [SMALL]);
    expect(await refusal(add(store, "a", [V6, SMALL], { reuseExisting: true }))).toStartWith("11 ");
    expect(leasesOn(store)).toMatchObject({ "fd00::2": "a\r\neth0" });
  });

  test("full is code 11, and a set that is full takes the others back", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    for (const id of ["a", "b", "c", "d", "e"]) await add(store, id, [SMALL]);
    expect(await refusal(add(store, "f", [V6, SMALL]))).toBe(
      "11 failed to allocate for range 1: no IP addresses available in range set: 10.1.0.1-10.1.0.6",
    );
    expect(Object.keys(leasesOn(store))).toEqual(["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"]);
    await del(store, "c");
    expect(await add(store, "f", [SMALL])).toEqual(["10.1.0.4"]);
  });

  test("requested addresses: each set takes one, a leftover, a gateway or a taken one is refused", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    const ips = (...texts: string[]) => texts.flatMap((text) => parseIp(text) ?? []);
    expect(await add(store, "a", [V4, V6], { requested: ips("fd00::77", "10.1.0.9") })).toEqual([
      "10.1.0.9",
      "fd00::77",
    ]);
    expect(readFileSync(`${store.layout.leases}/last_reserved_ip.1`, "latin1")).toBe("fd00::77");
    expect(await refusal(add(store, "b", [V4], { requested: ips("10.1.0.8", "10.1.0.7") }))).toBe(
      "7 failed to allocate all requested IPs: 10.1.0.7",
    );
    expect(await refusal(add(store, "b", [V4], { requested: ips("10.1.0.1") }))).toBe(
      "7 requested ip 10.1.0.1 is subnet's gateway",
    );
    expect(await refusal(add(store, "b", [V4], { requested: ips("10.1.0.9") }))).toBe(
      "11 requested IP address 10.1.0.9 is not available in range set 10.1.0.1-10.1.0.254",
    );
    expect(await add(store, "b", [V4], { requested: ips("10.1.0.8", "10.1.0.8") })).toEqual(["10.1.0.8"]);
    expect(await add(store, "b", [V4], { requested: ips("10.1.0.8"), reuseExisting: true })).toEqual(["10.1.0.8"]);
    expect(Object.keys(leasesOn(store)).length).toBe(3);
  });

  test("another set's gateway is not handed out", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    const range = V4[0];
    if (range === undefined) throw new Error("no range");
    const odd = [{ ...range, gateway: parseIp("10.2.0.2") ?? range.gateway }];
    expect(await add(store, "a", [odd, setOf("10.2.0.0/24")])).toEqual(["10.1.0.1", "10.2.0.3"]);
    expect(await add(store, "b", [odd, setOf("10.2.0.0/24")])).toEqual(["10.1.0.2", "10.2.0.4"]);
  });

  test("an empty lease file is nobody's", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    mkdirSync(store.layout.leases);
    writeFileSync(`${store.layout.leases}/10.1.0.2`, "");
    expect(await add(store, "a", [V4])).toEqual(["10.1.0.2"]);
    expect(leasesOn(store)).toEqual({ "10.1.0.2": "a\r\neth0" });
  });

  test("whatever else stands under an address's name keeps it", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    mkdirSync(`${store.layout.leases}/10.1.0.2`, { recursive: true });
    writeFileSync(`${store.layout.leases}/10.1.0.3`, "x".repeat(100_000));
    writeFileSync(`${store.layout.leases}/10.1.0.4`, "two\nlines");
    expect(await add(store, "a", [V4])).toEqual(["10.1.0.5"]);
    expect((await collect(store, [])).notLeases.map(formatIp)).toEqual(["10.1.0.2", "10.1.0.3", "10.1.0.4"]);
  });
});

describe("leases of the reference", () => {
  test("in both forms are held, found and freed", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    mkdirSync(store.layout.leases);
    writeFileSync(`${store.layout.leases}/10.1.0.2`, "old");
    writeFileSync(`${store.layout.leases}/10.1.0.3`, "new\r\neth0");
    writeFileSync(`${store.layout.leases}/10.1.0.4`, "old\r\neth0");
    expect((await heldBy(store, "old", "eth0")).map(formatIp)).toEqual(["10.1.0.4", "10.1.0.2"]);
    expect(await add(store, "a", [V4])).toEqual(["10.1.0.5"]);
    expect(await del(store, "new")).toEqual(["10.1.0.3"]);
    expect(await del(store, "old")).toEqual(["10.1.0.4"]);
    expect(await del(store, "old")).toEqual(["10.1.0.2"]);
    expect(await del(store, "old")).toEqual([]);
  });

  test("written behind our back are seen", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    await add(store, "a", [V4]);
    expect(isStamped(store)).toBe(true);
    writeFileSync(`${store.layout.leases}/10.1.0.3`, "theirs\r\neth0");
    expect(isStamped(store)).toBe(false);
    expect(await refusal(add(store, "theirs", [V4]))).toStartWith("100 10.1.0.3 has been allocated to theirs");
    expect(isStamped(store)).toBe(true);
    expect(await add(store, "b", [V4])).toEqual(["10.1.0.4"]);
    rmSync(`${store.layout.leases}/10.1.0.2`);
    expect(await add(store, "a", [V4])).toEqual(["10.1.0.5"]);
    expect(await del(store, "theirs")).toEqual(["10.1.0.3"]);
  });
});

describe("the index", () => {
  test("only points: what a lease says is read before it is freed", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    await add(store, "a", [V4]);
    // Written in place, which the folder's time does not show.
    writeFileSync(`${store.layout.leases}/10.1.0.2`, "b\r\neth0");
    expect(isStamped(store)).toBe(true);
    expect(await del(store, "a")).toEqual([]);
    expect(leasesOn(store)).toEqual({ "10.1.0.2": "b\r\neth0" });
  });

  test("spares reading the folder", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    for (let i = 0; i < 20; i++) await add(store, `c${i}`, [V4]);
    const counted = faulty(loadNative(), () => undefined);
    const watched = contextIn(dir.path, { files: counted.files });
    await add(watched, "next", [V4]);
    const ofAdd = counted.calls.length;
    await del(watched, "next");
    expect(ofAdd).toBeLessThan(30);
    expect(counted.calls.length - ofAdd).toBeLessThan(30);
  });

  test("lost, damaged or of another boot is made again", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path, { identity: { bootId: "x", machineId: undefined } });
    await add(store, "a", [V4]);
    rmSync(store.layout.index);
    expect(await refusal(add(store, "a", [V4]))).toStartWith("100");
    const bytes = readFileSync(store.layout.index);
    writeFileSync(store.layout.index, bytes.fill(0xff, 4096));
    expect(await refusal(add(store, "a", [V4]))).toStartWith("100");
    expect(await add(store, "b", [V4])).toEqual(["10.1.0.3"]);
    const later = contextIn(dir.path, { identity: { bootId: "y", machineId: undefined } });
    expect(await add(later, "c", [V4])).toEqual(["10.1.0.4"]);
    expect(await del(later, "a")).toEqual(["10.1.0.2"]);
  });

  test("outlives nothing: a folder that was wiped begins anew, whatever is left beside it", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    await add(store, "a", [V4]);
    await add(store, "b", [V4]);
    rmSync(store.layout.leases, { recursive: true });
    expect(await del(store, "a")).toEqual([]);
    expect(await add(store, "c", [V4])).toEqual(["10.1.0.2"]);
    expect(await add(store, "a", [V4])).toEqual(["10.1.0.3"]);
    expect(leasesOn(store)).toEqual({ "10.1.0.2": "c\r\neth0", "10.1.0.3": "a\r\neth0" });
    rmSync(`${dir.path}/.tsnet`, { recursive: true });
    expect(await del(store, "a")).toEqual(["10.1.0.3"]);
    expect(await add(store, "d", [V4])).toEqual(["10.1.0.4"]);
  });

  test("that cannot be written costs nothing but time", async () => {
    using dir = newDataDir();
    const { files } = faulty(loadNative(), (_, name) =>
      ["readAt", "writeAt", "setMtime"].includes(name) ? systemError(name, "ENOSPC") : undefined,
    );
    const store = contextIn(dir.path, { files });
    expect(await add(store, "a", [V4])).toEqual(["10.1.0.2"]);
    expect(await add(store, "b", [V4])).toEqual(["10.1.0.3"]);
    expect(await del(store, "a")).toEqual(["10.1.0.2"]);
    expect(leasesOn(store)).toEqual({ "10.1.0.3": "b\r\neth0" });
  });

  test("grows", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    const wide = setOf("fd00::/64");
    // Every requested address lies in a group of its own, so their table is full first.
    const far = (i: number) => [parseIp(`fd00::${(i + 1).toString(16)}:0:0`)].flatMap((each) => each ?? []);
    for (let i = 0; i < 100; i++) await add(store, `c${i}`, [wide], { requested: far(i) });
    expect(isStamped(store)).toBe(true);
    for (let i = 0; i < 100; i++) expect((await del(store, `c${i}`)).length).toBe(1);
    expect(leasesOn(store)).toEqual({});
  });
});

describe("another boot", () => {
  test("of this machine ends the leases that we recorded, and no others", async () => {
    using dir = newDataDir();
    const before = contextIn(dir.path, { identity: BOOT_A });
    await add(before, "ours", [V4]);
    writeFileSync(`${before.layout.leases}/10.1.0.3`, "theirs\r\neth0");
    await add(contextIn(dir.path, { identity: OTHER_MACHINE }), "elsewhere", [V4]);
    await add(before, "again", [V4]); // .5: removed and made again by the reference
    rmSync(`${before.layout.leases}/10.1.0.5`);
    writeFileSync(`${before.layout.leases}/10.1.0.5`, "again\r\neth0");
    const after = contextIn(dir.path, { identity: BOOT_B });
    await add(after, "new", [V4]);
    expect(leasesOn(after)).toEqual({
      "10.1.0.3": "theirs\r\neth0",
      "10.1.0.4": "elsewhere\r\neth0",
      "10.1.0.5": "again\r\neth0",
      "10.1.0.6": "new\r\neth0",
    });
    expect(readdirSync(after.layout.records).length).toBe(2);
    expect((await listLeases(after)).map(({ ip, recorded }) => [formatIp(ip), recorded])).toEqual([
      ["10.1.0.3", false],
      ["10.1.0.4", false],
      ["10.1.0.5", false],
      ["10.1.0.6", true],
    ]);
  });

  test("ends nothing where the machine is not known", async () => {
    using dir = newDataDir();
    await add(contextIn(dir.path, { identity: { bootId: "x", machineId: undefined } }), "a", [V4]);
    const after = contextIn(dir.path, { identity: { bootId: "y", machineId: undefined } });
    expect(await add(after, "b", [V4])).toEqual(["10.1.0.3"]);
  });
});

describe("GC and people", () => {
  test("GC keeps what is listed, in both forms, and sweeps the rest", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    for (const id of ["a", "b", "c"]) await add(store, id, [V4, V6]);
    writeFileSync(`${store.layout.leases}/10.1.0.9`, "oldkept");
    writeFileSync(`${store.layout.leases}/10.1.0.10`, "oldgone");
    rmSync(`${store.layout.leases}/fd00::3`);
    const { freed } = await collect(store, [
      { containerID: "a", ifname: "eth0" },
      { containerID: "b", ifname: "eth1" },
      { containerID: "oldkept", ifname: "eth7" },
    ]);
    expect(freed.map(formatIp).sort()).toEqual(["10.1.0.10", "10.1.0.3", "10.1.0.4", "fd00::4"]);
    expect(Object.keys(leasesOn(store))).toEqual(["10.1.0.2", "10.1.0.9", "fd00::2"]);
    const [boot] = readdirSync(store.layout.records);
    expect(readdirSync(`${store.layout.records}/${boot}`).sort()).toEqual(["10.1.0.2", "fd00::2"]);
    expect(await add(store, "b", [V4])).toEqual(["10.1.0.5"]);
  });

  test("GC of a network that never was makes nothing", async () => {
    using dir = newDataDir();
    expect((await collect(contextIn(dir.path), [])).freed).toEqual([]);
    expect(await del(contextIn(dir.path), "a")).toEqual([]);
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test("a person frees an address", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    await add(store, "a", [V4]);
    const ip = parseIp("10.1.0.2");
    if (ip === undefined) throw new Error("no address");
    expect(await releaseAddress(store, ip)).toBe(true);
    expect(await releaseAddress(store, ip)).toBe(false);
    expect(await add(store, "a", [V4])).toEqual(["10.1.0.3"]);
  });
});

describe("the lock", () => {
  test("held too long is code 11 and names the holder", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path, { lockTimeoutMs: 50 });
    await add(store, "a", [V4]);
    const files = loadNative();
    const fd = files.lockFile(store.layout.lock, 0);
    try {
      await add(store, "b", [V4]);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      expect(error.code).toBe(11);
      expect(error.message).toBe('Cannot lock the leases of network "net" within 50 ms');
      expect(error.details).toContain(`is held by process ${process.pid} (`);
    } finally {
      files.closeFd(fd);
    }
    expect(await add(store, "b", [V4])).toEqual(["10.1.0.3"]);
  });

  test("is waited for", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    await add(store, "a", [V4]);
    const files = loadNative();
    const fd = files.lockFile(store.layout.lock, 0);
    const later = add(store, "b", [V4]);
    await Bun.sleep(30);
    files.closeFd(fd);
    expect(await later).toEqual(["10.1.0.3"]);
  });
});

describe("without hard links", () => {
  for (const code of ["EXDEV", "EPERM", "EOPNOTSUPP"])
    test(`${code}: leases are made as the reference makes them`, async () => {
      using dir = newDataDir();
      const { files } = faulty(loadNative(), (_, name) => (name === "linkFile" ? systemError(name, code) : undefined));
      const store = contextIn(dir.path, { files });
      expect(await add(store, "a", [V4])).toEqual(["10.1.0.2"]);
      writeFileSync(`${store.layout.leases}/10.1.0.3`, "");
      expect(await add(store, "b", [V4])).toEqual(["10.1.0.3"]);
      expect(leasesOn(store)).toEqual({ "10.1.0.2": "a\r\neth0", "10.1.0.3": "b\r\neth0" });
      // No record, so it does not age.
      await add(contextIn(dir.path, { files, identity: BOOT_B }), "c", [V4]);
      expect(Object.keys(leasesOn(store)).length).toBe(3);
    });
});

describe("state", () => {
  test("full sets, by the index and by names alone", async () => {
    using dir = newDataDir();
    const store = contextIn(dir.path);
    expect(fullSets(store, [SMALL])).toEqual([]);
    for (const id of ["a", "b", "c", "d"]) await add(store, id, [SMALL]);
    expect(fullSets(store, [V6, SMALL])).toEqual([]);
    await add(store, "e", [SMALL]);
    expect(isStamped(store)).toBe(true);
    expect(fullSets(store, [V6, SMALL])).toEqual([1]);
    rmSync(store.layout.index);
    expect(fullSets(store, [V6, SMALL])).toEqual([1]);
  });

  test("writable: the folder, or the nearest one above it", () => {
    using dir = newDataDir();
    const files = loadNative();
    const at = (path: string) => unwritable(files, contextIn(path).layout.leases);
    expect(at(dir.path)).toBeUndefined();
    expect(at(`${dir.path}/not/yet/there`)).toBeUndefined();
    expect(readdirSync(dir.path)).toEqual([]);
    writeFileSync(`${dir.path}/file`, "");
    expect(at(`${dir.path}/file`)).toBe(`${dir.path}/file is no folder`);
    const readOnly = { ...files, isWritable: () => false };
    expect(unwritable(readOnly, contextIn(`${dir.path}/new`).layout.leases)).toBe(`${dir.path} is not writable`);
  });
});
