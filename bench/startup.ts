/**
 * What a plugin's start costs: by import (small programs that load more and more of the executable), and by verb (bridge
 * with host-local), beside the reference and an empty compiled program. Milliseconds from start to exit, median (minimum).
 * Usage: startup.ts [RUNS]
 */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "../scripts/bundle.ts";
import {
  addNetns,
  call,
  deleteNetns,
  isolate,
  median,
  OURS,
  REFERENCE,
  SIDES,
  shown,
  table,
  time,
  withFolder,
} from "./support/side-by-side.ts";

const RUNS = Number(process.argv[2] ?? 30);
const ROOT = join(import.meta.dir, "..");
const LOAD = `import { loadNative } from "${ROOT}/native/load.ts";\nloadNative();\n`;
const keep = (path: string): string => `Object.assign(globalThis, { kept: await import("${ROOT}/${path}") });\n`;

const PROGRAMS: readonly (readonly [name: string, source: string])[] = [
  ["empty", ""],
  ["addon", LOAD],
  ["+ src/cni/frame.ts", LOAD + keep("src/cni/frame.ts")],
  ["+ src/kernel/open.ts", LOAD + keep("src/kernel/open.ts")],
  ["+ src/netlink/nft/index.ts", LOAD + keep("src/netlink/nft/index.ts")],
  ["+ ipam/host-local/index.ts", LOAD + keep("ipam/host-local/index.ts")],
  ["+ plugins/bridge/add.ts", LOAD + keep("plugins/bridge/add.ts")],
];

/** As the launcher starts a plugin. */
const AS_PLUGIN = ["TSNET_LAUNCHED=1", "BUN_JSC_useJIT=0"];

async function compile(folder: string): Promise<[name: string, path: string][]> {
  const made: [string, string][] = [];
  for (const [i, [name, source]] of PROGRAMS.entries()) {
    const entry = join(folder, `${i}.ts`);
    writeFileSync(entry, `${source}process.exit(0);\n`);
    await bundle(entry, join(folder, String(i), "program"));
    copyFileSync(join(OURS.folder, "tsnet.node"), join(folder, String(i), "tsnet.node"));
    made.push([name, join(folder, String(i), "program")]);
  }
  return made;
}

function byImport(programs: readonly [string, string][]): void {
  const times = new Map<string, number[]>(programs.map(([name]) => [name, []]));
  for (let run = 0; run < RUNS; run++)
    for (const [name, path] of run % 2 ? programs.toReversed() : programs)
      times.get(name)?.push(time(path, AS_PLUGIN).ms);
  const base = median(times.get("empty") ?? []);
  table(
    ["import", "ms", "over empty"],
    [...times].map(([name, values]) => [name, shown(values), `+${(median(values) - base).toFixed(2)}`]),
  );
}

function byVerb(empty: string, folder: string): void {
  const verbs = ["VERSION", "ADD", "CHECK", "DEL"];
  const times = new Map<string, number[]>();
  const note = (key: string, ms: number): void => {
    times.set(key, [...(times.get(key) ?? []), ms]);
  };
  const namespaces = addNetns(SIDES.length);
  for (let run = 0; run < RUNS; run++) {
    const results = new Map<string, unknown>();
    // As any caller of compiled programs starts them: with the compiler.
    note("empty", time(empty, []).ms);
    for (const command of verbs)
      for (const [i, side] of [...SIDES.entries()].sort(() => (run % 2 ? -1 : 1))) {
        const config = {
          cniVersion: "1.0.0",
          name: `net${i}`,
          type: "bridge",
          bridge: `bench${i}`,
          isGateway: true,
          ipam: {
            type: "host-local",
            dataDir: join(folder, "leases"),
            ranges: [[{ subnet: `10.${100 + i}.0.0/16` }]],
            routes: [{ dst: "0.0.0.0/0" }],
          },
          prevResult: command === "ADD" ? undefined : results.get(side.name),
        };
        const { ms, stdout } = call({ side, config, command, containerId: `c${run}`, netns: namespaces[i] ?? "" });
        if (command === "ADD") results.set(side.name, JSON.parse(stdout));
        note(`${side.name} ${command}`, ms);
      }
  }
  deleteNetns(namespaces);
  table(
    ["verb", OURS.name, REFERENCE.name, "ratio"],
    verbs.map((verb) => {
      const [ours = [], theirs = []] = SIDES.map(({ name }) => times.get(`${name} ${verb}`) ?? []);
      return [verb, shown(ours), shown(theirs), (median(ours) / median(theirs)).toFixed(2)];
    }),
  );
  const versions = median(times.get(`${OURS.name} VERSION`) ?? []) / median(times.get("empty") ?? []);
  console.log(
    `empty compiled executable: ${shown(times.get("empty") ?? [])} ms; VERSION takes ${versions.toFixed(2)} of it`,
  );
}

isolate();
await withFolder(async (folder) => {
  const programs = await compile(folder);
  byImport(programs);
  byVerb(programs[0]?.[1] ?? "", folder);
});
