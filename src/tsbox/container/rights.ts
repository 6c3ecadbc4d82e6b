import type { ProcessConfig } from "../helper/config.ts";
import { boundingSet, type Capability, capabilitiesFor, capabilitySets } from "../isolation/capabilities.ts";
import { readText, unless } from "../store/files.ts";
import type { Surroundings } from "../surroundings.ts";
import type { ContainerRecord } from "./record.ts";

/** What the processes of a container may do: capabilities and the filter of system calls, the same for `exec`. */
export async function rightsOf(
  s: Surroundings,
  { capAdd, capDrop, privileged, security }: ContainerRecord,
): Promise<Pick<ProcessConfig, "capabilities" | "seccomp" | "noNewPrivileges">> {
  const available = boundingSet(readText(s.native, "/proc/self/status", 65_536) ?? "");
  const capabilities = capabilitiesFor({ add: capAdd, drop: capDrop, privileged }, available);
  return {
    capabilities: capabilitySets(capabilities),
    seccomp: await filterFor(s, capabilities, privileged, security),
    noNewPrivileges: security.noNewPrivileges,
  };
}

async function filterFor(
  s: Surroundings,
  capabilities: readonly Capability[],
  privileged: boolean,
  { seccomp }: ContainerRecord["security"],
): Promise<ProcessConfig["seccomp"]> {
  if (seccomp === "unconfined" || (privileged && seccomp === "default")) return undefined;
  if (seccomp === "default") return defaultFilter(s, capabilities);
  const { filterOf, policyFrom } = await import("../seccomp/filter.ts");
  const { policy, warnings } = policyFrom(seccomp.profile, capabilities);
  for (const warning of warnings) s.err(`tsbox: ${warning}\n`);
  return filterOf(policy, folderOf(s));
}

const folderOf = ({ places }: Surroundings): string => `${places.data}/seccomp`;

/**
 * The built-in filter follows from this executable, the kernel and the capabilities: kept under the three, it is there
 * without the tables it is made of, whose loading costs more than all the rest of a start.
 */
async function defaultFilter(s: Surroundings, capabilities: readonly Capability[]): Promise<ProcessConfig["seccomp"]> {
  const program = s.native.stat(`${s.ownFolder}/tsnet-bun`, true);
  const kernel = readText(s.native, "/proc/sys/kernel/osrelease", 256);
  const key = [program?.ino, program?.mtimeNs, program?.size, kernel, capabilitySets(capabilities).bounding].join(" ");
  const path = `${folderOf(s)}/default-${new Bun.CryptoHasher("sha256").update(key).digest("hex").slice(0, 32)}.bpf`;
  const kept = unless(["ENOENT", "ENOTDIR", "EFBIG"], () => s.native.readFile(path, MAX_FILTER));
  if (program !== undefined && kept !== undefined && kept.length > 0 && kept.length % INSTRUCTION_BYTES === 0)
    return { filter: kept, flags: 0 };
  const { defaultPolicy, filterOf } = await import("../seccomp/filter.ts");
  const made = filterOf(defaultPolicy(capabilities), folderOf(s));
  // A filter with flags is not kept so; the built-in one has none. Without space it is compiled each time.
  if (made.flags === 0)
    unless(["ENOSPC", "EDQUOT", "EROFS", "ENOENT"], () => s.native.replaceFile(path, made.filter, 0o600));
  return made;
}

/** linux/bpf_common.h: BPF_MAXINSNS of 8 bytes each. */
const INSTRUCTION_BYTES = 8;
const MAX_FILTER = 4096 * INSTRUCTION_BYTES;
