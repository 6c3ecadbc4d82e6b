import type { CniDns } from "../../src/cni/types.ts";

/**
 * Reads resolv.conf(5) as the reference does: `nameserver` and `search` and `options` add up, the last `domain` counts,
 * lines that begin with `#` or `;` and lines of one word are skipped.
 */
export function parseResolvConf(text: string): CniDns {
  const nameservers: string[] = [];
  const search: string[] = [];
  const options: string[] = [];
  let domain: string | undefined;
  for (const line of text.split("\n")) {
    const [keyword = "", ...values] = line.trim().split(/\s+/);
    const [first] = values;
    if (first === undefined || keyword.startsWith("#") || keyword.startsWith(";")) continue;
    if (keyword === "nameserver") nameservers.push(first);
    else if (keyword === "domain") domain = first;
    else if (keyword === "search") search.push(...values);
    else if (keyword === "options") options.push(...values);
  }
  return { nameservers, domain, search, options };
}
