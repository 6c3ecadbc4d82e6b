/** What a machine must have for the plugins to run, as far as it can be read without trying. */
export interface MachineFacts {
  /** `uname -r` */
  readonly kernel: string;
  /** As `process.arch` says it: `x64`, `arm64`. */
  readonly arch: string;
  /** `2.36`; `undefined` where it cannot be told. */
  readonly glibc: string | undefined;
  readonly isRoot: boolean;
  /** Why nf_tables cannot be used; `undefined` when it can, or when only root may look. */
  readonly nftables: string | undefined;
}

const KERNEL = [5, 10] as const;
const GLIBC = [2, 31] as const;

/** Everything that stands in the way, a sentence each; empty when nothing does. */
export function shortcomings(facts: MachineFacts): string[] {
  const found: string[] = [];
  if (facts.arch !== "x64") found.push(`the machine is ${facts.arch}: the executable is for x86-64`);
  if (!reaches(facts.kernel, KERNEL))
    found.push(`the kernel is ${facts.kernel}: needed is ${KERNEL.join(".")} or later, for nf_tables' maps`);
  if (facts.glibc !== undefined && !reaches(facts.glibc, GLIBC))
    found.push(`the C library is glibc ${facts.glibc}: needed is ${GLIBC.join(".")} or later`);
  if (facts.nftables !== undefined) found.push(facts.nftables);
  if (!facts.isRoot)
    found.push("you are not root: the files must belong to root, or runtimes could be made to run another's");
  return found;
}

/** Whether `6.1.0-30-amd64` is at least 5.10; text that begins with no version passes. */
function reaches(text: string, [major, minor]: readonly [number, number]): boolean {
  const found = /^(\d+)\.(\d+)/.exec(text);
  if (!found) return true;
  const [have, part] = [Number(found[1]), Number(found[2])];
  return have > major || (have === major && part >= minor);
}

/**
 * The mount that a path lies on is `noexec`: gives its mount point.
 * @param mountinfo text of /proc/self/mountinfo (proc(5)); of two mounts on one point the later hides the earlier
 * @param path absolute, without symbolic links
 */
export function noexecMount(mountinfo: string, path: string): string | undefined {
  let point = "";
  let options: string[] = [];
  for (const line of mountinfo.split("\n")) {
    const parts = line.split(" ");
    const [at, flags] = [unescaped(parts[4] ?? ""), parts[5] ?? ""];
    if (at === "" || at.length < point.length) continue;
    if (path !== at && !path.startsWith(at === "/" ? "/" : `${at}/`)) continue;
    point = at;
    options = flags.split(",");
  }
  return options.includes("noexec") ? point : undefined;
}

/** Blanks and the like stand as `\040`. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
