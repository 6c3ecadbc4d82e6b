import { CNI_CODE, CniError } from "./errors.ts";
import { encodeJson } from "./json.ts";

/** Turns what a plugin may throw into a CNI error; `undefined` for what it does not know, which is then a bug. */
export type ErrorMapping = (error: unknown) => CniError | undefined;

/** The error object as the reference prints it: without `cniVersion`, four spaces, no newline at the end. */
export function formatError({ code, message, details }: CniError): string {
  return encodeJson({ code, msg: message, details: details === "" ? undefined : details }, { indent: true });
}

/**
 * The CNI error for anything thrown. What nobody knows is a bug: code 999 with a short line, and `stack` for stderr.
 */
export function toCniError(error: unknown, mapping: ErrorMapping): { error: CniError; stack?: string } {
  if (error instanceof CniError) return { error };
  let thrown = error;
  try {
    const known = mapping(error);
    if (known !== undefined) return { error: known };
  } catch (fault) {
    thrown = fault;
  }
  const name = thrown instanceof Error ? thrown.name : typeof thrown;
  const [line = ""] = (thrown instanceof Error ? thrown.message : String(thrown)).split("\n");
  const msg = `internal error: ${name}: ${line.slice(0, 160)}`;
  const details = "this is a bug of the plugin; a stack trace is on its stderr";
  const stack = thrown instanceof Error ? (thrown.stack ?? msg) : msg;
  return { error: new CniError(CNI_CODE.INTERNAL, msg, details), stack };
}
