/**
 * Containers from start to removal, a static `true` in each, beside runc and Podman (with CNI and the reference plugins) in
 * the same run, one after the other in turn: without network, with the bridge and a published port, exec, and many at once.
 * Milliseconds, median (minimum). Usage: tsbox.ts [RUNS]; needs root, gcc, runc, podman.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setUpPodman } from "../netns-tests/runtimes/podman-host.ts";
import { REFERENCE_DIR } from "../netns-tests/support/plugin-dirs.ts";
import { must } from "../netns-tests/support/run.ts";
import { median, shown, table } from "./support/side-by-side.ts";

const RUNS = Number(process.argv[2] ?? 20);
const AT_ONCE = 50;
const TSBOX = join(import.meta.dir, "../dist/bin/tsbox");

const folder = mkdtempSync(join(tmpdir(), "tsbox-bench-"));
try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  await makeRoot();
  await using podman = await setUpPodman([REFERENCE_DIR]);
  const { host } = podman;
  await host.exec(
    "sh",
    "-ec",
    `${TSBOX} import ${folder}/true.tar true; podman import ${folder}/true.tar localhost/true`,
  );
  await host.exec(
    "sh",
    "-ec",
    `${TSBOX} run -d --name there --network none true /wait; cd ${folder}/there; runc run -d there </dev/null >/dev/null 2>&1`,
  );
  const commands: Readonly<Record<string, string>> = {
    "no network: tsbox": `${TSBOX} run --rm --network none true /true`,
    "no network: runc run": `cd ${folder}/bundle && runc run t$n`,
    "no network: podman": "podman run --rm --network none localhost/true /true",
    "bridge, a port: tsbox": `${TSBOX} run --rm -p 8080:80 true /true`,
    "bridge, a port: podman": "podman run --rm -p 8081:80 localhost/true /true",
    "exec: tsbox": `${TSBOX} exec there /true`,
    "exec: runc": "runc exec there /true",
  };
  const times = await measure(host, commands);
  table(
    ["", "ms"],
    Object.entries(times).map(([name, values]) => [name, shown(values)]),
  );
  const ratio = (of: (values: readonly number[]) => number, one: string, other: string): string =>
    (of(times[one] ?? []) / of(times[other] ?? [])).toFixed(2);
  const least = (values: readonly number[]): number => Math.min(...values);
  const row = (name: string, one: string, other: string, wanted: string): string[] => [
    name,
    ratio(median, one, other),
    ratio(least, one, other),
    wanted,
  ];
  table(
    ["ratio", "medians", "minima", "to be"],
    [
      row("no network, to runc run", "no network: tsbox", "no network: runc run", "< 1"),
      row("bridge and port, to runc run", "bridge, a port: tsbox", "no network: runc run", "≤ 2"),
      row("bridge and port, to podman", "bridge, a port: tsbox", "bridge, a port: podman", "≤ 0.25"),
    ],
  );
  await atOnce(host);
  await memory(host);
}

/** A root with two static programs, as an archive and as bundles of runc's. */
async function makeRoot(): Promise<void> {
  const script = `
    mkdir -p root bundle there
    echo 'int main(void) { return 0; }' > true.c
    printf '#include <unistd.h>\\nint main(void) { for (;;) pause(); }' > wait.c
    for name in true wait; do gcc -static -Os -s -o root/$name $name.c; done
    tar -C root -cf true.tar .
    (cd bundle && runc spec && sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"\\/true"/; s/"path": "rootfs"/"path": "..\\/root"/' config.json)
    sed 's/"\\/true"/"\\/wait"/' bundle/config.json > there/config.json`;
  await must(["sh", "-ec", script], { cwd: folder });
}

type Host = Awaited<ReturnType<typeof setUpPodman>>["host"];

/** All commands in turn, timed by one shell inside the host. */
async function measure(host: Host, commands: Readonly<Record<string, string>>): Promise<Record<string, number[]>> {
  const names = Object.keys(commands);
  const body = Object.values(commands)
    .map(
      (command, i) =>
        `s=$EPOCHREALTIME; (${command}) </dev/null >/dev/null 2>$err || cat $err >&2; echo ${i} $s $EPOCHREALTIME`,
    )
    .join("\n");
  const script = `err=${folder}/err; for n in $(seq ${RUNS + 1}); do\n${body}\ndone`;
  const ran = await host.run(["bash", "-c", script], { timeoutMs: 600_000 });
  if (ran.stderr !== "") console.error(ran.stderr.slice(0, 2000));
  const times: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (const line of ran.stdout.trim().split("\n")) {
    const [i = "", start = "", end = ""] = line.split(" ");
    times[names[Number(i)] ?? ""]?.push((Number(end) - Number(start)) * 1000);
  }
  // The first round finds everything cold.
  for (const values of Object.values(times)) values.shift();
  return times;
}

async function atOnce(host: Host): Promise<void> {
  const script = `
    s=$EPOCHREALTIME
    for n in $(seq ${AT_ONCE}); do ${TSBOX} run --rm -p $((9000 + n)):80 true /true || echo failed & done; wait
    echo $s $EPOCHREALTIME`;
  const { stdout } = await host.run(["bash", "-c", script], { timeoutMs: 300_000 });
  const failures = stdout.split("\n").filter((line) => line === "failed").length;
  const [start = "", end = ""] = stdout.trim().split("\n").at(-1)?.split(" ") ?? [];
  console.log(
    `${AT_ONCE} at once, each with a port: ${(Number(end) - Number(start)).toFixed(2)} s, ${failures} failures\n`,
  );
}

async function memory(host: Host): Promise<void> {
  const script = "awk '/^VmRSS/ {print $2}' /proc/$(pgrep -o tsbox-mon)/status";
  console.log(`a monitor's resident memory: ${(await host.exec("sh", "-c", script)).trim()} KiB`);
}
