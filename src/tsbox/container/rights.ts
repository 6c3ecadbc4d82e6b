import type { ProcessConfig } from "../helper/config.ts";
import { boundingSet, type Capability, capabilitiesFor, capabilitySets } from "../isolation/capabilities.ts";
import { defaultPolicy, filterOf, policyFrom } from "../seccomp/filter.ts";
import { readText } from "../store/files.ts";
import type { Surroundings } from "../surroundings.ts";
import type { ContainerRecord } from "./record.ts";

/** What the processes of a container may do: capabilities and the filter of system calls, the same for `exec`. */
export function rightsOf(
  s: Surroundings,
  { capAdd, capDrop, privileged, security }: ContainerRecord,
): Pick<ProcessConfig, "capabilities" | "seccomp" | "noNewPrivileges"> {
  const available = boundingSet(readText(s.native, "/proc/self/status", 65_536) ?? "");
  const capabilities = capabilitiesFor({ add: capAdd, drop: capDrop, privileged }, available);
  return {
    capabilities: capabilitySets(capabilities),
    seccomp: filterFor(s, capabilities, privileged, security),
    noNewPrivileges: security.noNewPrivileges,
  };
}

/** Compiled once for each set of capabilities, and kept. */
function filterFor(
  s: Surroundings,
  capabilities: readonly Capability[],
  privileged: boolean,
  { seccomp }: ContainerRecord["security"],
): ProcessConfig["seccomp"] {
  if (seccomp === "unconfined" || (privileged && seccomp === "default")) return undefined;
  const folder = `${s.places.data}/seccomp`;
  if (seccomp === "default") return filterOf(defaultPolicy(capabilities), folder);
  const { policy, warnings } = policyFrom(seccomp.profile, capabilities);
  for (const warning of warnings) s.err(`tsbox: ${warning}\n`);
  return filterOf(policy, folder);
}
