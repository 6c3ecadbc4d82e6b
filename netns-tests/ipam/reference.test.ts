import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hostLocal } from "../../ipam/host-local/index.ts";
import { CniError } from "../../src/cni/errors.ts";
import type { JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { lacksFile, lacksRoot, testUnless } from "../support/skip.ts";
import { contextOf } from "./driver.ts";
import {
  addressesOf,
  confIn,
  type HostLocalSet,
  hostLocalSet,
  leasesIn,
  randomNumbers,
  type Whose,
} from "./host-local-set.ts";

const soak = process.env["TSNET_SOAK"] === "1";
const lacks = [lacksRoot, lacksFile("/usr/lib/cni/host-local")];
const quiet = contextOf({ note: () => {}, cwd: undefined });

/** Ours in this process, which is quick; the plugin is the same. `undefined`: refused. */
async function ours(command: "ADD" | "DEL" | "CHECK", id: string, raw: JsonObject): Promise<string[] | undefined> {
  const conf: NetworkConfig = { cniVersion: "1.0.0", name: String(raw["name"]), type: "host-local", raw };
  const req = {
    conf: hostLocal.parse(conf, { lenient: command === "DEL" }),
    containerId: id,
    ifName: "eth0",
    netns: "",
    args: "",
  };
  try {
    if (command === "ADD")
      return ((await hostLocal.add(req, quiet)).ips ?? []).map((ip) => ip.address.replace(/\/.*$/, ""));
    await (command === "DEL" ? hostLocal.del(req, quiet) : hostLocal.check(req, quiet));
    return [];
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}

async function either(
  set: HostLocalSet,
  whose: Whose,
  command: "ADD" | "DEL" | "CHECK",
  id: string,
  conf: JsonObject,
): Promise<string[] | undefined> {
  if (whose === "ours") return await ours(command, id, conf);
  const more = command === "CHECK" ? { prevResult: { cniVersion: "1.0.0", ips: [] } } : {};
  const answer = await set.call(whose, command, id, conf, more);
  return answer.code === 0 ? addressesOf(answer) : undefined;
}

describe("beside the reference host-local", () => {
  const steps = soak ? 10_000 : 300;
  testUnless(
    lacks,
    `${steps} random ADD, DEL and CHECK by both on one folder: never an address twice, never one lost`,
    async () => {
      using set = hostLocalSet();
      // 13 pairs of addresses for 24 containers, so that the ranges are full now and then.
      const conf = confIn(set.dataDir, [[{ subnet: "10.1.0.0/28" }], [{ subnet: "fd00::/124" }]]);
      const random = randomNumbers(soak ? Date.now() : 7);
      const held = new Map<string, readonly string[]>();
      let full = 0;
      for (let step = 0; step < steps; step++) {
        const whose = random(2) === 0 ? "ours" : "reference";
        const id = `container-${random(24)}`;
        const command = (["ADD", "ADD", "ADD", "DEL", "DEL", "CHECK"] as const)[random(6)] ?? "ADD";
        const got = await either(set, whose, command, id, conf);
        const at = `step ${step}: ${whose} ${command} ${id}`;
        if (command === "CHECK") expect({ at, ok: got !== undefined }).toEqual({ at, ok: held.has(id) });
        else if (command === "DEL") {
          expect({ at, got }).toEqual({ at, got: [] });
          held.delete(id);
        } else if (held.has(id) || held.size === 13) {
          if (!held.has(id)) full++;
          expect({ at, got }).toEqual({ at, got: undefined });
        } else {
          expect({ at, count: got?.length }).toEqual({ at, count: 2 });
          held.set(id, got ?? []);
        }
        const expected = [...held].flatMap(([holder, ips]) => ips.map((ip) => `${ip} ${holder}\r\neth0`));
        const leases = [...leasesIn(set.dataDir)].map(([ip, content]) => `${ip} ${content}`);
        expect({ at, leases: leases.sort() }).toEqual({ at, leases: expected.sort() });
      }
      expect(full).toBeGreaterThan(0);
    },
    soak ? 3_600_000 : 120_000,
  );

  testUnless(
    lacks,
    "ours alone gives the addresses, in the order, that the reference alone gives",
    async () => {
      using set = hostLocalSet();
      const ranges = [
        [
          { subnet: "10.1.0.0/28", rangeStart: "10.1.0.4", gateway: "10.1.0.6" },
          { subnet: "10.2.0.0/24", rangeStart: "10.2.0.0", rangeEnd: "10.2.0.3" },
        ],
        [{ subnet: "fd00::/124", rangeStart: "fd00::3", gateway: "fd00::9" }],
      ];
      const random = randomNumbers(11);
      const trail: Record<Whose, unknown[]> = { ours: [], reference: [] };
      for (let step = 0; step < 120; step++) {
        const id = `c${random(20)}`;
        const command = random(5) < 3 ? "ADD" : "DEL";
        for (const whose of ["ours", "reference"] as const)
          trail[whose].push([
            step,
            command,
            id,
            await either(set, whose, command, id, confIn(set.dataDir, ranges, whose)),
          ]);
      }
      expect(trail.ours).toEqual(trail.reference);
      for (const name of ["last_reserved_ip.0", "last_reserved_ip.1"])
        expect(readFileSync(join(set.dataDir, "ours", name), "latin1")).toBe(
          readFileSync(join(set.dataDir, "reference", name), "latin1"),
        );
    },
    60_000,
  );

  testUnless(
    lacks,
    "results are the same bytes",
    async () => {
      using set = hostLocalSet();
      for (const cniVersion of ["0.2.0", "0.3.1", "0.4.0", "1.0.0"]) {
        const answers: string[] = [];
        for (const whose of ["ours", "reference"] as const) {
          const network = `${whose}-${cniVersion}`;
          const conf = confIn(set.dataDir, [[{ subnet: "10.1.0.0/24" }], [{ subnet: "fd00::/64" }]], network);
          const ipam = {
            ...(conf["ipam"] as JsonObject),
            routes: [{ dst: "0.0.0.0/0" }, { dst: "fd00:1::/64", gw: "fd00::9" }],
          };
          answers.push((await set.call(whose, "ADD", "cid", { ...conf, cniVersion, ipam })).stdout);
        }
        // Debian's build is of an older generation in one thing: it prints an empty "dns" in 1.0.0 as well.
        expect(answers[0]).toBe(
          cniVersion === "1.0.0" ? (answers[1] ?? "").replace(',\n    "dns": {}', "") : answers[1],
        );
      }
    },
    60_000,
  );

  testUnless(
    lacks,
    "100 at once, ours and the reference's: no error, no address twice, and all freed again",
    async () => {
      using set = hostLocalSet();
      const conf = confIn(set.dataDir, [[{ subnet: "10.1.0.0/24" }], [{ subnet: "fd00::/64" }]]);
      const all = Array.from(
        { length: 100 },
        (_, i) => ({ id: `c${i}`, whose: i % 2 === 0 ? "ours" : "reference" }) as const,
      );
      const added = await Promise.all(all.map(({ id, whose }) => set.call(whose, "ADD", id, conf)));
      expect(added.map(({ code, stdout }) => (code === 0 ? "" : stdout)).filter((text) => text !== "")).toEqual([]);
      const given = added.flatMap(addressesOf);
      expect(given.length).toBe(200);
      expect(new Set(given).size).toBe(200);
      expect([...leasesIn(set.dataDir).keys()].sort()).toEqual(given.sort());
      // Each frees what the other made.
      const other = { ours: "reference", reference: "ours" } as const;
      const freed = await Promise.all(all.map(({ id, whose }) => set.call(other[whose], "DEL", id, conf)));
      expect(freed.map(({ code }) => code).filter((code) => code !== 0)).toEqual([]);
      expect(leasesIn(set.dataDir).size).toBe(0);
    },
    180_000,
  );
});
