import { parseCniArgs } from "../../src/cni/args.ts";
import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import { type Fields, fields } from "../../src/cni/keys.ts";
import type { JsonObject } from "../../src/cni/types.ts";
import { type Ip, parseCidr, parseIp } from "../../src/ip/index.ts";

/**
 * Addresses that are asked for: CNI_ARGS `IP`, then `args.cni.ips`, then `runtimeConfig.ips` (capability `ips`). As in the
 * reference all of them count together, none replaces another. A prefix length may stand behind each and means nothing.
 */
export function requestedIps(raw: JsonObject, args: string): Ip[] {
  const fromArgs = parseCniArgs(args, ["IP"])["IP"] ?? "";
  const ip = fromArgs === "" ? undefined : addressOf(fromArgs);
  if (fromArgs !== "" && ip === undefined)
    throw new CniError(
      CNI_CODE.INVALID_ENVIRONMENT,
      `Cannot parse IP ${JSON.stringify(fromArgs)} in CNI_ARGS`,
      "need one address, with or without a prefix length",
    );
  const config = fields(raw);
  return [
    ...(ip === undefined ? [] : [ip]),
    ...listed(config.object("args")?.object("cni")),
    ...listed(config.object("runtimeConfig")),
  ];
}

function listed(from: Fields | undefined): Ip[] {
  return (from?.strings("ips") ?? []).map((text) => {
    const ip = addressOf(text);
    if (from === undefined || ip === undefined)
      throw new CniError(
        CNI_CODE.INVALID_NETWORK_CONFIG,
        `Cannot parse address ${JSON.stringify(text)} in ${from?.pathOf("ips")}`,
        "need an address, with or without a prefix length",
      );
    return ip;
  });
}

function addressOf(text: string): Ip | undefined {
  return text.includes("/") ? parseCidr(text)?.ip : parseIp(text);
}
