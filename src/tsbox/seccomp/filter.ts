import { isSystemError, loadNative } from "../../../native/load.ts";
import { BPF, SECCOMP_FILTER_FLAG } from "./bpf.const.ts";
import { COMPILER, compile } from "./compile.ts";
import { DEFAULT_PROFILE } from "./default-profile.ts";
import { parseProfile } from "./json.ts";
import type { Flag, Policy } from "./policy.ts";
import { kernelVersion, type Profile, resolve } from "./profile.ts";

/** A filter as the helper wants it. */
export interface Filter {
  /** `struct sock_filter[]`. */
  readonly filter: Uint8Array;
  /** Of SECCOMP_SET_MODE_FILTER. */
  readonly flags: number;
}

/** The policy of a container, and what a user should know about it. */
export interface PolicyChoice {
  readonly policy: Policy;
  readonly warnings: readonly string[];
}

const INSTRUCTION_BYTES = 8;

/** Docker's default for a container with these capabilities (`CAP_CHOWN`, …) in its bounding set. */
export const defaultPolicy = (capabilities: readonly string[]): Policy => policyOf(DEFAULT_PROFILE, capabilities);

/**
 * The policy of a profile in Docker's JSON (`--security-opt seccomp=FILE`). Throws a PolicyError for what is wrong with it.
 */
export function policyFrom(json: string, capabilities: readonly string[]): PolicyChoice {
  const { profile, unknownNames } = parseProfile(json);
  const warnings = unknownNames.map(
    (name) => `The seccomp profile allows "${name}", which is no system call we know of`,
  );
  return { policy: policyOf(profile, capabilities), warnings };
}

function policyOf(profile: Profile, capabilities: readonly string[]): Policy {
  const release = new TextDecoder().decode(loadNative().readFile("/proc/sys/kernel/osrelease", 256));
  return resolve(profile, { capabilities, kernel: kernelVersion(release) });
}

/**
 * The program of a policy: from `folder`, where it is kept under the hash of what it was made of, or compiled and put
 * there. A folder that cannot be written only costs the time (5 ms); a file in it that is no program is made anew.
 * @param folder root's own, mode 0700: what is in it goes to the kernel as it is
 */
export function filterOf(policy: Policy, folder: string): Filter {
  const native = loadNative();
  const path = `${folder}/${hashOf(policy)}.bpf`;
  const cached = read(path);
  const filter = cached ?? compile(policy);
  if (cached === undefined) {
    try {
      native.makeDirs(folder, 0o700);
      native.replaceFile(path, filter, 0o600);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
  return { filter, flags: flagsOf(policy.flags ?? []) };
}

function read(path: string): Uint8Array | undefined {
  try {
    const bytes = loadNative().readFile(path, BPF.MAXINSNS * INSTRUCTION_BYTES);
    return bytes.length > 0 && bytes.length % INSTRUCTION_BYTES === 0 ? bytes : undefined;
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

function hashOf(policy: Policy): string {
  const text = JSON.stringify([COMPILER, policy], (_, value) => (typeof value === "bigint" ? String(value) : value));
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

const FLAG_VALUE: Readonly<Record<Flag, number>> = {
  SECCOMP_FILTER_FLAG_TSYNC: SECCOMP_FILTER_FLAG.TSYNC,
  SECCOMP_FILTER_FLAG_LOG: SECCOMP_FILTER_FLAG.LOG,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: SECCOMP_FILTER_FLAG.SPEC_ALLOW,
};

const flagsOf = (flags: readonly Flag[]): number => flags.reduce((sum, flag) => sum | FLAG_VALUE[flag], 0);
