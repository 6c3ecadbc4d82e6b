import { LimitError } from "./error.ts";

/** The kernel's largest NR_CPUS. */
const MAX_CPU = 8191;

/** CPUs of a list as cpuset(7) has it: `0-3,7`; in order, each once. */
export function parseCpuList(option: string, text: string): number[] {
  const cpus = new Set<number>();
  for (const part of text.trim().split(",")) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!match || last < first || last > MAX_CPU)
      throw new LimitError(`Invalid ${option} "${text}": a list of CPUs as 0-3,7`);
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}
