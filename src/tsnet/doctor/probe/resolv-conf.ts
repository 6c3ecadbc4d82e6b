import { parseIp } from "../../../ip/index.ts";

/** What a container's resolver goes by. Texts in it are the container's. */
export interface ResolvConf {
  /** Addresses, IPv6 ones of a link with it behind (`fe80::1%eth0`); the resolver takes the first three. */
  readonly servers: readonly string[];
  /** Lines for name servers with something that is no address, cut. */
  readonly wrong: readonly string[];
  /** The first domain that is searched. */
  readonly search: string | undefined;
}

/** resolv.conf(5): MAXNS. */
const MAX_SERVERS = 3;
const MAX_LINES = 1_000;
const MAX_SHOWN = 64;

/** Later `search` and `domain` lines override earlier ones, as the resolver has it. Pure. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  const wrong: string[] = [];
  let search: string | undefined;
  for (const line of text.split("\n", MAX_LINES)) {
    const [key = "", value = ""] = line.trim().split(/\s+/, 2);
    if (key === "nameserver") {
      if (isAddress(value)) servers.push(value);
      else if (wrong.length < MAX_SERVERS) wrong.push(value.slice(0, MAX_SHOWN));
    } else if (key === "search" || key === "domain") search = value || undefined;
  }
  return { servers: [...new Set(servers.slice(0, MAX_SERVERS))], wrong, search };
}

/** A link's name has no `%`, `/` or space in it (dev_valid_name, net/core/dev.c). */
function isAddress(text: string): boolean {
  const [address = "", link, ...more] = text.split("%");
  const ip = parseIp(address);
  if (!ip || more.length > 0) return false;
  return link === undefined || (ip.family === 6 && /^[^/\s:]{1,15}$/.test(link));
}
