import type { Kernel } from "../../../kernel/kernel.ts";
import type { GcOptions } from "../../gc/find.ts";
import type { Surroundings } from "../../surroundings.ts";
import type { Doubt, Finding } from "../finding.ts";
import type { Attached, Picture } from "../picture.ts";
import type { Asked, Measured } from "./say.ts";

export interface ProbeRequest {
  readonly s: Surroundings;
  readonly host: Kernel;
  readonly picture: Picture;
  /** Whose networks are probed; nothing is sent for others. */
  readonly attachments: readonly Attached[];
  readonly options: GcOptions;
  /** The name that servers are asked for. */
  readonly name: string | undefined;
}

/** What has come of it so far. */
export interface Notes {
  readonly asked: Asked[];
  readonly narrow: Measured[];
  readonly findings: Finding[];
  readonly doubts: Doubt[];
  /** Ways whose MTU is known: containers of a network share theirs. */
  readonly ways: Set<string>;
}
