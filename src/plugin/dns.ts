import type { Fields } from "../cni/keys.ts";
import type { CniDns } from "../cni/types.ts";

/** The config's top-level `dns`; `undefined` when it is absent or has no field set. */
export function configDns(conf: Fields): CniDns | undefined {
  const dns = conf.object("dns");
  if (!dns) return undefined;
  const parsed: CniDns = {
    nameservers: dns.strings("nameservers"),
    domain: dns.string("domain") || undefined,
    search: dns.strings("search"),
    options: dns.strings("options"),
  };
  const isSet = Object.values(parsed).some((value) => value !== undefined && value.length > 0);
  return isSet ? parsed : undefined;
}
