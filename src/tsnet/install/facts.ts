import { readFileSync } from "node:fs";
import { CniError } from "../../cni/errors.ts";
import { openKernel } from "../../kernel/open.ts";
import { masquerade } from "../../plugin/nat/masquerade.ts";
import type { Surroundings } from "../surroundings.ts";
import { type MachineFacts, noexecMount } from "./floor.ts";

export async function machineFacts({ native }: Pick<Surroundings, "native">): Promise<MachineFacts> {
  const isRoot = process.geteuid?.() === 0;
  return {
    kernel: native.sysctlGet(-1, "kernel/osrelease"),
    arch: process.arch,
    glibc: glibcVersion(),
    isRoot,
    nftables: isRoot ? await whyNoNftables(native) : undefined,
  };
}

/** Why nothing in this folder can be executed; `undefined` when it can. */
export function whyNotExecutable(folder: string): string | undefined {
  const mount = noexecMount(readFileSync("/proc/self/mountinfo", "utf8"), folder);
  return mount === undefined ? undefined : `"${folder}" lies on ${mount}, which is mounted noexec`;
}

function glibcVersion(): string | undefined {
  const report: unknown = process.report?.getReport();
  const header = (report as { header?: { glibcVersionRuntime?: unknown } } | undefined)?.header;
  return typeof header?.glibcVersionRuntime === "string" ? header.glibcVersionRuntime : undefined;
}

/** Has the kernel look at the rules that plugins make, without making them. */
async function whyNoNftables(native: Surroundings["native"]): Promise<string | undefined> {
  await using host = openKernel(native, { waiting: "here" });
  try {
    await masquerade.status(host);
    return undefined;
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    return `${error.message}: ${error.details}`;
  }
}
