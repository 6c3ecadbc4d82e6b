import { readIfThere } from "../../ipam/store/files.ts";
import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { errnoCode } from "../../src/plugin/errors.ts";
import type { Files } from "./files.ts";
import type { Sysctl } from "./sysctl.ts";

/** Where an administrator says which parameters a network's config may set; the reference's path. */
export const ALLOW_LIST = "/etc/cni/tuning/allowlist.conf";

const MAX_BYTES = 1 << 20;

/**
 * The list's expressions; `undefined` without a list: then every key is allowed. As in the reference, a line is a regular
 * expression that matches anywhere in the key as it is written in the config. CniError 100 for a list that cannot be read.
 */
export function readAllowList(files: Files): RegExp[] | undefined {
  const lines = readLines(files);
  return lines?.flatMap((line, i) => {
    const text = line.trim();
    if (text === "") return [];
    try {
      return [toRegExp(text)];
    } catch (error) {
      throw unusable(`line ${i + 1} ${JSON.stringify(text)} is no regular expression`, error);
    }
  });
}

function readLines(files: Files): string[] | undefined {
  try {
    const text = readIfThere(files, ALLOW_LIST, MAX_BYTES);
    // Somebody has made a list here, wherever it may be now.
    if (text === undefined && files.stat(ALLOW_LIST, false) !== undefined)
      throw unusable("it is a symbolic link to nothing", undefined);
    return text?.split("\n");
  } catch (error) {
    if (errnoCode(error) === undefined) throw error;
    throw unusable("it cannot be read", error);
  }
}

const unusable = (why: string, cause: unknown): CniError =>
  new CniError(
    CNI_CODE.OPERATION_FAILED,
    `the list of allowed sysctls "${ALLOW_LIST}" is unusable: ${why}`,
    cause instanceof Error ? cause.message : "",
    { cause },
  );

/** CniError 7 for the first key that no expression matches. */
export function requireAllowed(list: readonly RegExp[] | undefined, sysctls: readonly Sysctl[]): void {
  const refused = list && sysctls.find(({ key }) => !list.some((pattern) => pattern.test(key)));
  if (!refused) return;
  throw new CniError(
    CNI_CODE.INVALID_NETWORK_CONFIG,
    `sysctl "${refused.key}" is not allowed`,
    `none of the ${list.length} expressions in ${ALLOW_LIST} matches it`,
  );
}

/** Classes of RE2 and POSIX that JavaScript writes differently. */
const CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  upper: "A-Z",
  word: "\\w",
  xdigit: "0-9A-Fa-f",
};

/**
 * An expression in the syntax of Go's regexp (RE2), as administrators have written them. The strict form of JavaScript's
 * refuses what it has no meaning for, where the lax one would give it another.
 */
function toRegExp(text: string): RegExp {
  const { flags = "", rest = text } = /^\(\?(?<flags>[is]+)\)(?<rest>.*)$/.exec(text)?.groups ?? {};
  const source = rest
    .replace(/\[:(\w+):\]/g, (all, name: string) => (Object.hasOwn(CLASSES, name) ? (CLASSES[name] ?? all) : all))
    .replace(/\\(.)/g, (all, next: string) => {
      if (next === "A") return "^";
      if (next === "z") return "$";
      // Punctuation may be escaped there also where it needs no escape.
      return /[-_!"#%&',:;<=>@`~]/.test(next) ? `\\x${next.charCodeAt(0).toString(16)}` : all;
    });
  return new RegExp(source, `${[...new Set(flags)].join("")}u`);
}
