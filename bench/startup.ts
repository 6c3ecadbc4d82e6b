/**
 * What a plugin's start costs: by import (small programs that hold more and more of the plugins' modules, run by the plugins'
 * engine, and an empty one that Bun compiled), and by verb (bridge with host-local), beside the reference. Milliseconds from
 * start to exit, median (minimum).
 * Usage: startup.ts [RUNS]
 */
import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle, bundleForEngine } from "../scripts/bundle.ts";
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
const ENGINE = join(ROOT, "native/build/engine/engine");
const keep = (...paths: string[]): string =>
  paths.map((path, i) => `import * as kept${i} from "${ROOT}/${path}";\nglobalThis.kept${i} = kept${i};\n`).join("");

/** Each of them ends at once. */
const PROGRAMS: readonly (readonly [name: string, imports: string])[] = [
  ["nothing", ""],
  ["src/cni/frame.ts", keep("src/cni/frame.ts")],
  ["+ src/kernel/open.ts", keep("src/cni/frame.ts", "src/kernel/open.ts")],
  ["+ src/netlink/nft/index.ts", keep("src/cni/frame.ts", "src/kernel/open.ts", "src/netlink/nft/index.ts")],
  ["+ every plugin", keep("src/main/engine/entry.ts")],
];
const EMPTY = "nothing, compiled by Bun";

async function compile(folder: string): Promise<[name: string, path: string][]> {
  const entry = join(folder, "empty.ts");
  writeFileSync(entry, "process.exit(0);\n");
  await bundle(entry, join(folder, "empty"));
  const made: [string, string][] = [[EMPTY, join(folder, "empty")]];
  for (const [i, [name, imports]] of PROGRAMS.entries()) {
    const [source, script, program] = ["ts", "js", "program"].map((end) => join(folder, `${i}.${end}`)) as [
      string,
      string,
      string,
    ];
    const globals = `import "${ROOT}/src/main/engine/globals.ts";\n`;
    const late = `import { makeAll } from "${ROOT}/src/netlink/wire/once.ts";\n`;
    const start = "makeAll();\nglobalThis.start = () => native.exit(0);\n";
    writeFileSync(source, globals + late + imports + start);
    writeFileSync(script, await bundleForEngine(source));
    execFileSync(ENGINE, [script, ENGINE, program]);
    chmodSync(program, 0o755);
    made.push([name, program]);
  }
  return made;
}

function byImport(programs: readonly [string, string][]): void {
  const times = new Map<string, number[]>(programs.map(([name]) => [name, []]));
  for (let run = 0; run < RUNS; run++)
    for (const [name, path] of run % 2 ? programs.toReversed() : programs)
      times.get(name)?.push(time(path, ["TSNET_LAUNCHED=1"]).ms);
  const base = median(times.get("nothing") ?? []);
  table(
    ["import", "ms", "over nothing"],
    [...times].map(([name, values]) => [name, shown(values), (median(values) - base).toFixed(2)]),
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
    `empty executable compiled by Bun: ${shown(times.get("empty") ?? [])} ms; VERSION takes ${versions.toFixed(2)} of it`,
  );
}

isolate();
await withFolder(async (folder) => {
  const programs = await compile(folder);
  byImport(programs);
  byVerb(programs[0]?.[1] ?? "", folder);
});
