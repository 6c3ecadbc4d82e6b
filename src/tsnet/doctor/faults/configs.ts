import { CniError } from "../../../cni/errors.ts";
import { cidrContains, compareIp, formatCidr } from "../../../ip/index.ts";
import { about, type Finding } from "../finding.ts";
import type { Picture } from "../picture.ts";

/** Configuration lists that runtimes cannot use, and networks that are in each other's way. */
export function configs({ networks, absentPlugins, pluginFolders, books }: Picture): Finding[] {
  const broken = networks.flatMap(({ path, network }): Finding[] =>
    network instanceof CniError
      ? [
          {
            fault: "config-broken",
            sentence: `the network configuration ${path} cannot be used: ${network.message}`,
            evidence: network.details === "" ? [path] : [path, network.details],
            remedy: "mend it or move it away: runtimes stop at it, and networks after it in the folder are not found",
            scopes: [],
          },
        ]
      : [],
  );
  const absent = absentPlugins.map(
    ({ type, path, network }): Finding => ({
      fault: "plugin-missing",
      sentence: `network ${network} names the plugin ${type}, and there is none in CNI_PATH`,
      evidence: [path, `looked in ${pluginFolders.join(", ")}`],
      remedy: "install it there (tsnet install), or give the right folders with CNI_PATH or --cni-path",
      scopes: [about.network(network)],
    }),
  );
  const overlaps: Finding[] = [];
  for (const [i, one] of books.entries())
    for (const other of books.slice(i + 1)) {
      const pair = firstOverlap(one, other);
      if (pair)
        overlaps.push({
          fault: "overlapping-subnets",
          sentence: `the networks ${one.network} and ${other.network} have overlapping subnets, ${pair[0]} and ${pair[1]}`,
          evidence: [`${one.network} gives addresses of ${pair[0]}`, `${other.network} gives addresses of ${pair[1]}`],
          remedy: "give one of them another subnet and start its containers anew",
          scopes: [about.network(one.network), about.network(other.network)],
        });
    }
  return [...broken, ...absent, ...overlaps];
}

/** Ranges beside each other in one subnet are meant: two networks of one wire. */
function firstOverlap(one: Picture["books"][number], other: Picture["books"][number]): [string, string] | undefined {
  for (const a of (one.sets ?? []).flat())
    for (const b of (other.sets ?? []).flat()) {
      if (a.subnet.ip.family !== b.subnet.ip.family) continue;
      const overlap = cidrContains(a.subnet, b.subnet.ip) || cidrContains(b.subnet, a.subnet.ip);
      const same = formatCidr(a.subnet) === formatCidr(b.subnet);
      const apart = compareIp(a.end, b.start) < 0 || compareIp(b.end, a.start) < 0;
      if (overlap && !(same && apart)) return [formatCidr(a.subnet), formatCidr(b.subnet)];
    }
  return undefined;
}
