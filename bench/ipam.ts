/**
 * host-local with 0, 1,000, 10,000 and 60,000 leases in the folder: ADD and DEL as whole processes, ours beside the
 * reference in turn, and our part of it alone, in this process. Also what a foreign write costs: one reading of the folder.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layoutOf } from "../ipam/store/layout.ts";
import { allocate } from "../ipam/store/lease.ts";
import { completeRange } from "../ipam/store/ranges.ts";
import type { StoreContext } from "../ipam/store/session.ts";
import { release } from "../ipam/store/verbs.ts";
import { loadNative } from "../native/load.ts";
import { addToIp, formatIp, parseCidr } from "../src/ip/index.ts";

const SIZES = [0, 1_000, 10_000, 60_000];
const REFERENCE = "/usr/lib/cni/host-local";
const OURS = join(import.meta.dir, "../dist/cni/host-local");

const subnet = parseCidr("10.1.0.0/16");
if (subnet === undefined) throw new Error("no subnet");
const sets = [[completeRange({ subnet })]];

function prepare(folder: string, leases: number): void {
  mkdirSync(folder, { recursive: true });
  if (subnet === undefined) return;
  for (let i = 0; i < leases; i++)
    writeFileSync(
      join(folder, formatIp(addToIp(subnet.ip, BigInt(i + 2)))),
      `${i.toString(16).padStart(64, "0")}\r\neth0`,
    );
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}

/** Milliseconds from start to exit of one call. */
function callMs(executable: string, command: string, id: string, conf: string): number {
  const start = performance.now();
  const { exitCode, stdout } = Bun.spawnSync([executable], {
    stdin: new TextEncoder().encode(conf),
    env: {
      CNI_COMMAND: command,
      CNI_CONTAINERID: id,
      CNI_NETNS: "/none",
      CNI_IFNAME: "eth0",
      CNI_PATH: "/usr/lib/cni",
    },
  });
  if (exitCode !== 0) throw new Error(`${executable} ${command}: ${stdout}`);
  return performance.now() - start;
}

function processes(executable: string, dataDir: string, times: number): { add: number; del: number } {
  const ipam = { type: "host-local", dataDir, ranges: [[{ subnet: "10.1.0.0/16" }]] };
  const conf = JSON.stringify({ cniVersion: "1.0.0", name: "bench", type: "host-local", ipam });
  const ids = Array.from({ length: times }, (_, i) => `bench-${i}`);
  callMs(executable, "ADD", "warm", conf); // ours reads the folder once after the reference wrote
  const add = median(ids.map((id) => callMs(executable, "ADD", id, conf)));
  const del = median(ids.map((id) => callMs(executable, "DEL", id, conf)));
  callMs(executable, "DEL", "warm", conf);
  return { add, del };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

async function inProcess(context: StoreContext, times: number): Promise<{ read: number; add: number; del: number }> {
  const request = { ifName: "eth0", sets, requested: [], reuseExisting: false };
  const read = await timed(() => allocate(context, { ...request, containerId: "first" }));
  const adds: number[] = [];
  const dels: number[] = [];
  for (let i = 0; i < times; i++) {
    adds.push(await timed(() => allocate(context, { ...request, containerId: `own-${i}` })));
    dels.push(await timed(() => release(context, `own-${i}`, "eth0")));
  }
  await release(context, "first", "eth0");
  return { read, add: median(adds), del: median(dels) };
}

const row = (cells: readonly (string | number)[]) =>
  console.log(cells.map((cell) => (typeof cell === "number" ? cell.toFixed(2) : cell).padStart(12)).join(""));

console.log("milliseconds, medians; store = our part alone, warm; read = first call after a foreign write");
row(["leases", "store ADD", "store DEL", "read", "ours ADD", "ours DEL", "ref ADD", "ref DEL"]);
for (const size of SIZES) {
  const dataDir = mkdtempSync(join(tmpdir(), "tsnet-bench-ipam-"));
  try {
    const layout = layoutOf(dataDir, "bench");
    prepare(layout.leases, size);
    const times = size >= 10_000 ? 7 : 21;
    const reference = existsSync(REFERENCE) ? processes(REFERENCE, dataDir, times) : undefined;
    const store = await inProcess({ files: loadNative(), layout }, 200);
    const ours = existsSync(OURS) ? processes(OURS, dataDir, times) : undefined;
    const or = (value: number | undefined) => value ?? "-";
    row([
      String(size),
      store.add,
      store.del,
      store.read,
      or(ours?.add),
      or(ours?.del),
      or(reference?.add),
      or(reference?.del),
    ]);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
