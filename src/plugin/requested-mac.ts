import { parseCniArgs } from "../cni/args.ts";
import { CNI_CODE, CniError } from "../cni/errors.ts";
import type { Fields } from "../cni/keys.ts";
import { parseMac } from "./mac.ts";

/** The hardware address the config itself carries: the runtime's (capability `mac`) before `args.cni.mac`. */
export function configuredMac(f: Fields, lenient: boolean): string | undefined {
  for (const owner of [f.object("runtimeConfig"), f.object("args")?.object("cni")]) {
    const mac = owner && macOfKey(owner, "mac", lenient);
    if (mac !== undefined) return mac;
  }
  return undefined;
}

/** A key that holds a hardware address; `undefined` when it is absent or empty. CniError 7 when it is none. */
export function macOfKey(f: Fields, key: string, lenient: boolean): string | undefined {
  const text = f.string(key);
  if (text === undefined || text === "") return undefined;
  const mac = parseMac(text);
  if (mac === undefined && !lenient) throw f.wrong(key, "a unicast MAC address such as 02:00:00:00:00:01");
  return mac;
}

/** `MAC` of CNI_ARGS, the only key known there. CniError 4 when it is none. */
export function macOfArgs(args: string): string | undefined {
  const text = parseCniArgs(args, ["MAC"])["MAC"];
  if (text === undefined || text === "") return undefined;
  const mac = parseMac(text);
  if (mac !== undefined) return mac;
  throw new CniError(
    CNI_CODE.INVALID_ENVIRONMENT,
    `CNI_ARGS: MAC ${JSON.stringify(text)} is no unicast MAC address`,
    "form: MAC=02:00:00:00:00:01",
  );
}
