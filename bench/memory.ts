/**
 * Memory of plugins beside the reference: the peak of one ADD-like call (VmHWM, whole process), and what 100 processes take
 * together while they all wait for their configuration (sum of Pss, shared pages counted once). MiB.
 * Usage: memory.ts
 */
import { readFileSync } from "node:fs";
import { SIDES } from "./support/side-by-side.ts";

const AT_ONCE = 100;
/** Long enough for a process to have started and to wait on standard input. */
const SETTLE_MS = 1_500;

const env = {
  CNI_COMMAND: "ADD",
  CNI_CONTAINERID: "memory",
  CNI_NETNS: "/nonexistent",
  CNI_IFNAME: "eth0",
  CNI_PATH: "/nonexistent",
};

function start(folder: string) {
  return Bun.spawn([`${folder}/bridge`], { env, stdin: "pipe", stdout: "ignore", stderr: "ignore" });
}

function kilobytes(pid: number, file: string, key: string): number {
  const line = readFileSync(`/proc/${pid}/${file}`, "utf8")
    .split("\n")
    .find((l) => l.startsWith(`${key}:`));
  return Number(line?.split(/\s+/)[1] ?? Number.NaN);
}

async function measure(folder: string): Promise<{ one: number; all: number }> {
  const alone = start(folder);
  await Bun.sleep(SETTLE_MS);
  const one = kilobytes(alone.pid, "status", "VmHWM");
  alone.kill();
  await alone.exited;

  const many = Array.from({ length: AT_ONCE }, () => start(folder));
  await Bun.sleep(2 * SETTLE_MS);
  const all = many.reduce((sum, { pid }) => sum + kilobytes(pid, "smaps_rollup", "Pss"), 0);
  for (const process of many) process.kill();
  await Promise.all(many.map((process) => process.exited));
  return { one, all };
}

const mib = (kb: number): string => (kb / 1024).toFixed(1);
console.log(`| plugins | one | ${AT_ONCE} at once | each of them |\n|---|---|---|---|`);
for (const { name, folder } of SIDES) {
  const { one, all } = await measure(folder);
  console.log(`| ${name} | ${mib(one)} | ${mib(all)} | ${mib(all / AT_ONCE)} |`);
}
