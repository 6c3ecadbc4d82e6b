/**
 * A seccomp policy as the OCI runtime specification has it (config-linux.md, "Seccomp"): what is left of a profile when
 * capabilities, architecture and kernel are known. It goes into a config.json as it is.
 */
export interface Policy {
  readonly defaultAction: Action;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly flags?: readonly Flag[];
  readonly syscalls: readonly PolicyRule[];
}

export interface PolicyRule {
  readonly names: readonly string[];
  readonly action: Action;
  readonly errnoRet?: number;
  readonly args?: readonly Condition[];
}

/** A condition on one argument, compared without sign. With MASKED_EQ `value` is the mask: `(arg & value) == valueTwo`. */
export interface Condition {
  /** 0 to 5. */
  readonly index: number;
  readonly value: bigint;
  readonly valueTwo?: bigint;
  readonly op: Operator;
}

export const ACTIONS = [
  "SCMP_ACT_KILL",
  "SCMP_ACT_KILL_THREAD",
  "SCMP_ACT_KILL_PROCESS",
  "SCMP_ACT_TRAP",
  "SCMP_ACT_ERRNO",
  "SCMP_ACT_TRACE",
  "SCMP_ACT_LOG",
  "SCMP_ACT_ALLOW",
] as const;
export type Action = (typeof ACTIONS)[number];

export const OPERATORS = [
  "SCMP_CMP_NE",
  "SCMP_CMP_LT",
  "SCMP_CMP_LE",
  "SCMP_CMP_EQ",
  "SCMP_CMP_GE",
  "SCMP_CMP_GT",
  "SCMP_CMP_MASKED_EQ",
] as const;
export type Operator = (typeof OPERATORS)[number];

export const FLAGS = [
  "SECCOMP_FILTER_FLAG_TSYNC",
  "SECCOMP_FILTER_FLAG_LOG",
  "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
] as const;
export type Flag = (typeof FLAGS)[number];

/** Architectures a filter of this machine can have rules for. The first is always in it. */
export const MACHINE_ARCHITECTURES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] as const;
