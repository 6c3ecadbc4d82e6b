import { describe, expect, test } from "bun:test";
import { type MachineFacts, noexecMount, shortcomings } from "./floor.ts";

const GOOD: MachineFacts = { kernel: "5.10.0-30-amd64", arch: "x64", glibc: "2.31", isRoot: true, nftables: undefined };

describe("what the plugins need", () => {
  for (const facts of [
    {},
    { kernel: "6.1.0" },
    { kernel: "10.0" },
    { kernel: "custom" },
    { glibc: "3.0" },
    { glibc: undefined },
  ])
    test(`${JSON.stringify(facts)} is enough`, () => expect(shortcomings({ ...GOOD, ...facts })).toEqual([]));

  const lacking: [Partial<MachineFacts>, RegExp][] = [
    [{ kernel: "5.9.16" }, /kernel is 5\.9\.16: needed is 5\.10/],
    [{ kernel: "4.19.0-27-amd64" }, /kernel is 4\.19/],
    [{ glibc: "2.28" }, /glibc 2\.28: needed is 2\.31/],
    [{ glibc: "2.9" }, /glibc 2\.9/],
    [{ arch: "arm64" }, /arm64/],
    [{ isRoot: false }, /not root/],
    [{ nftables: "nf_tables cannot be used" }, /nf_tables/],
  ];
  for (const [facts, says] of lacking)
    test(`${JSON.stringify(facts)} is told`, () => {
      const found = shortcomings({ ...GOOD, ...facts });
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(says);
    });

  test("everything that is missing is told at once", () =>
    expect(shortcomings({ ...GOOD, kernel: "3.10", glibc: "2.17", isRoot: false })).toHaveLength(3));
});

test("noexec: the deepest mount decides, of two on one point the later", () => {
  const mounts = [
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
    "23 22 0:5 / /opt rw,noexec - tmpfs tmpfs rw",
    "24 23 0:6 / /opt/cni rw - tmpfs tmpfs rw",
    "25 22 0:7 / /mnt/a\\040b rw,nosuid,noexec - tmpfs tmpfs rw",
    "26 22 0:8 / /srv rw - tmpfs tmpfs rw",
    "27 22 0:9 / /srv ro,noexec - tmpfs tmpfs rw",
    "",
  ].join("\n");
  const expected: [string, string | undefined][] = [
    ["/", undefined],
    ["/usr/lib", undefined],
    ["/opt", "/opt"],
    ["/opt/x", "/opt"],
    ["/optional", undefined],
    ["/opt/cni/bin", undefined],
    ["/mnt/a b/c", "/mnt/a b"],
    ["/srv/cni", "/srv"],
  ];
  for (const [path, point] of expected) expect([path, noexecMount(mounts, path)]).toEqual([path, point]);
});
