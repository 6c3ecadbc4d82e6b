import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addToIp, formatIp, type Ip, parseIp } from "../../src/ip/index.ts";
import { decodeHeader, encodeHeader, newStamp } from "./header.ts";
import { hashKey } from "./owner.ts";
import {
  addLease,
  addressesOf,
  grow,
  hasRoom,
  nextFree,
  removeLease,
  sizeFor,
  type Table,
  tableInMemory,
} from "./table.ts";

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}

const texts = (ips: readonly Ip[]) => ips.map(formatIp).sort();
const minimal = () => tableInMemory({ ownerBuckets: 4, groupBuckets: 8 }).table;

/** Few owners and addresses on few buckets, so that all of it meets; both families and far groups. */
const change = fc.record({
  add: fc.boolean(),
  key: fc.constantFrom("a\r\neth0", "a\r\neth1", "b", "c\r\neth0", "d"),
  ip: fc.constantFrom("10.0.0.0", "10.0.0.1", "10.0.15.255", "10.0.16.0", "10.9.0.1", "::1", "fd00::1", "fd00::1:0:1"),
});

describe("the table", () => {
  test("knows what a map knows, through every growth", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        let table: Table = minimal();
        const model = new Map<string, string>();
        for (const { add, key, ip: text } of changes) {
          const holder = model.get(text);
          if (add && holder === undefined) {
            if (!hasRoom(table)) table = grow(table).table;
            addLease(table, ip(text), key);
            model.set(text, key);
          } else if (!add && holder !== undefined) {
            removeLease(table, ip(text), holder);
            model.delete(text);
          }
        }
        for (const copy of [table, grow(table).table]) {
          expect(copy.counts.owners).toBe(model.size);
          for (const key of ["a\r\neth0", "a\r\neth1", "b", "c\r\neth0", "d"]) {
            const held = [...model].filter(([, holder]) => holder === key).map(([text]) => text);
            expect(texts(addressesOf(copy, key))).toEqual(held.sort());
          }
          for (const text of ["10.0.0.0", "10.0.0.1", "10.0.15.255", "10.0.16.0", "::1", "fd00::1:0:1"]) {
            const free = nextFree(copy, ip(text), ip(text));
            expect(free === undefined).toBe(model.has(text));
          }
        }
      }),
    );
  });

  test("full buckets run over and are still searched after removals", () => {
    const table = tableInMemory({ ownerBuckets: 4, groupBuckets: 8 }).table;
    const addresses = Array.from({ length: 70 }, (_, i) => addToIp(ip("10.0.0.0"), BigInt(i)));
    for (const address of addresses) addLease(table, address, "same\r\nowner");
    expect(addressesOf(table, "same\r\nowner").length).toBe(70);
    for (const address of addresses.slice(0, 40)) removeLease(table, address, "same\r\nowner");
    expect(texts(addressesOf(table, "same\r\nowner"))).toEqual(texts(addresses.slice(40)));
    for (const address of addresses.slice(0, 40)) addLease(table, address, "same\r\nowner");
    expect(addressesOf(table, "same\r\nowner").length).toBe(70);
  });

  test("nextFree is the first address that is not leased", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { maxLength: 300 }),
        fc.boolean(),
        fc.nat(10_000),
        fc.nat(10_000),
        (taken, dense, a, b) => {
          const base = ip("10.7.15.200");
          const table = tableInMemory(sizeFor({ owners: 0, groups: 4 })).table;
          const numbers = new Set(dense ? Array.from({ length: 5000 }, (_, i) => i) : []);
          for (const each of taken) numbers.add(each);
          for (const each of numbers) addLease(table, addToIp(base, BigInt(each)), undefined);
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          let expected: number | undefined;
          for (let i = from; i <= to && expected === undefined; i++) if (!numbers.has(i)) expected = i;
          const found = nextFree(table, addToIp(base, BigInt(from)), addToIp(base, BigInt(to)));
          expect(found).toEqual(expected === undefined ? undefined : addToIp(base, BigInt(expected)));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a /16 that is full up to one address costs as many reads as it has groups", () => {
    const { table } = tableInMemory(sizeFor({ owners: 0, groups: 16 }));
    for (let i = 0; i < 65_536; i++) if (i !== 65_000) addLease(table, addToIp(ip("10.1.0.0"), BigInt(i)), undefined);
    let reads = 0;
    const counted: Table = {
      ...table,
      block: {
        read(offset, length) {
          reads++;
          return table.block.read(offset, length);
        },
        write: table.block.write,
      },
    };
    expect(nextFree(counted, ip("10.1.0.0"), ip("10.1.255.255"))).toEqual(addToIp(ip("10.1.0.0"), 65_000n));
    expect(reads).toBeLessThanOrEqual(16);
  });
});

describe("hash of an owner", () => {
  test("container IDs as runtimes make them do not meet", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 50_000; i++) seen.add(hashKey(`${i.toString(16).padStart(64, "0")}\r\neth0`).join(" "));
    for (let i = 0; i < 50_000; i++) seen.add(hashKey(`c${i}\r\neth0`).join(" "));
    expect(seen.size).toBe(100_000);
  });

  test("fills buckets evenly", () => {
    const counts = new Array<number>(1024).fill(0);
    for (let i = 0; i < 10_240; i++) {
      const bucket = hashKey(`c${i}\r\neth0`)[0] & 1023;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    expect(Math.max(...counts)).toBeLessThan(32);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });
});

describe("the header", () => {
  const header = {
    bootId: "b89546a8-aeb7-4d40-ba9a-c047c12b3318",
    dev: 0xfe00n,
    ino: 2n ** 60n,
    stamp: newStamp(),
    size: { ownerBuckets: 1024, groupBuckets: 64 },
    counts: { owners: 7, groups: 3 },
  };

  test("comes back as it was written", () => {
    expect(decodeHeader(encodeHeader(header))).toEqual(header);
  });

  test("anything else is none", () => {
    expect(decodeHeader(new Uint8Array(0))).toBeUndefined();
    expect(decodeHeader(new Uint8Array(128))).toBeUndefined();
    expect(decodeHeader(encodeHeader(header).subarray(0, 127))).toBeUndefined();
    expect(decodeHeader(encodeHeader({ ...header, size: { ownerBuckets: 1000, groupBuckets: 64 } }))).toBeUndefined();
  });

  test("stamps are even whole seconds of the past, each another", () => {
    const stamps = Array.from({ length: 1000 }, newStamp);
    for (const stamp of stamps) {
      expect(stamp % 2_000_000_000n).toBe(0n);
      expect(stamp).toBeGreaterThanOrEqual(BigInt(Date.UTC(1980, 0)) * 1_000_000n);
      expect(stamp).toBeLessThan(BigInt(Date.UTC(2015, 0)) * 1_000_000n);
    }
    expect(new Set(stamps).size).toBe(1000);
  });
});
