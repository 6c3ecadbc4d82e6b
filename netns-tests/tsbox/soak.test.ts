import { expect } from "bun:test";
import { diff, snapshot } from "../support/snapshot.ts";
import { type Lab, TSBOX, traces } from "./lab.ts";
import { sharedLab } from "./shared-lab.ts";

const { test, nothingIsLeft } = sharedLab();

const LONG = process.env["TSNET_SOAK"] === "1";
const CONTAINERS = LONG ? 200 : 24;
const AT_ONCE = LONG ? 20 : 8;

/** Everything on the host that a container may leave: beside the network, mounts, processes, cgroups and files. */
async function everything(lab: Lab): Promise<{ network: Awaited<ReturnType<typeof snapshot>>; rest: string[] }> {
  const script = `
    cut -d' ' -f5- /proc/self/mountinfo
    ps -eo args | grep -v -e 'ps -eo' -e 'sh -c' -e grep -e nsenter
    find /var/lib/tsbox /run/tsbox -not -path '*/images/*' -not -name '*.bpf'
    find /sys/fs/cgroup -type d -path '*tsbox*'
    ls /run/netns`;
  const text = await lab.host.exec("sh", "-c", script);
  return { network: await snapshot(lab.host), rest: text.split("\n").sort() };
}

/** A number from 0 to `below`, the same in each run. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test(`${CONTAINERS} containers, ${AT_ONCE} at a time, some commands, monitors and programs killed: not one thing more than before`, async (lab) => {
  // What the first container makes for all that follow it (the bridge, chains, folders) is there before.
  await lab.ok("run", "--rm", "-p", "7999:80", "box", "true");
  await lab.ok("system", "gc");
  const before = await everything(lab);
  const roll = dice(20261126);
  let served = 0;
  const life = async (n: number): Promise<void> => {
    const name = `soak${n}`;
    const port = 8000 + n;
    const kill = (pattern: string): Promise<unknown> =>
      lab.host.run([
        "sh",
        "-c",
        `kill -9 $(ps -eo pid,args | awk '/${pattern}/ && !/awk|nsenter|sh -c cd/ {print $1}') 2>/dev/null; true`,
      ]);
    const fate = roll(6);
    const start = lab.host.start([
      TSBOX,
      "run",
      "-d",
      "--name",
      name,
      "-p",
      `${port}:80`,
      "box",
      "httpd",
      "-f",
      "-h",
      "/www",
    ]);
    if (fate === 0) {
      await Bun.sleep(roll(250));
      await kill(`tsbox run -d --name ${name} `);
    }
    await start.exited;
    const page = await lab.host.run([
      "curl",
      "-s",
      "-m",
      "5",
      "--retry",
      "3",
      "--retry-connrefused",
      `http://127.0.0.1:${port}/`,
    ]);
    if (fate !== 0) expect(`${name}: ${page.stdout}`).toBe(`${name}: hello\n`);
    if (page.code === 0) served++;
    const pid = (await lab.tsbox(["inspect", "-f", "{{.State.Pid}}", name])).stdout.trim();
    if (fate === 1 && Number(pid) > 1) await lab.host.run(["kill", "-9", pid]);
    if (fate === 2 && Number(pid) > 1)
      await lab.host.run(["sh", "-c", `kill -9 $(awk '/^PPid/ {print $2}' /proc/${pid}/status)`]);
    if (fate === 3) await lab.tsbox(["kill", name]);
    if (fate === 4) {
      const rm = lab.host.start([TSBOX, "rm", "-f", name]);
      await Bun.sleep(roll(100));
      await kill(`tsbox rm -f ${name}$`);
      await rm.exited;
    }
    // Killed ones may be gone, or have no name yet.
    const removed = await lab.tsbox(["rm", "-f", name], { timeoutMs: 90_000 });
    const said = `${name}: ${removed.code} ${removed.stderr}`;
    if (fate !== 0 && fate !== 4) expect(said).toBe(`${name}: 0 `);
    else expect(said).toMatch(/: 0 $|no such container/);
  };
  const queue = Array.from({ length: CONTAINERS }, (_, n) => n);
  const workers = Array.from({ length: AT_ONCE }, async () => {
    for (let n = queue.shift(); n !== undefined; n = queue.shift()) await life(n);
  });
  await Promise.all(workers);
  expect(served).toBeGreaterThan(CONTAINERS / 2);
  await lab.ok("system", "gc");
  expect(await lab.ok("ps", "-aq")).toBe("");
  expect(await traces(lab)).toEqual([]);
  const after = await everything(lab);
  expect(diff(before.network, after.network)).toEqual([]);
  expect(after.rest).toEqual(before.rest);
});

test("many containers start at once without a failure", async (lab) => {
  const count = LONG ? 50 : 20;
  const all = await Promise.all(
    Array.from({ length: count }, (_, n) =>
      lab.tsbox(["run", "--rm", "-p", `${7000 + n}:80`, "box", "echo", String(n)], { timeoutMs: 120_000 }),
    ),
  );
  expect(all.map(({ code, stdout, stderr }) => `${code} ${stdout}${stderr}`)).toEqual(all.map((_, n) => `0 ${n}\n`));
});

nothingIsLeft();
