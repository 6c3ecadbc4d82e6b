import { isSystemError } from "../../../../native/load.ts";
import { formatIp, parseIp } from "../../../ip/index.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import { CannotOpen, openNamespace, type Snapshot } from "../../look/index.ts";
import { about } from "../finding.ts";
import { type Attached, addressesOf, isRouted, nameOf } from "../picture.ts";
import { isLocalIn, wayTo } from "../routing.ts";
import { otherHolder } from "./holders.ts";
import { askServer, resolversOf } from "./names.ts";
import { narrowWay } from "./path-mtu.ts";
import type { Notes, ProbeRequest } from "./request.ts";
import { noServer, otherHolderFinding } from "./say.ts";

/** Probes from inside one namespace, whose attachments these are. One that is gone by now is a doubt. */
export async function probeContainer(
  request: ProbeRequest,
  notes: Notes,
  group: readonly [Attached, ...Attached[]],
): Promise<void> {
  const [first] = group;
  try {
    await using kernel = await openNamespace(request.s, first.sandbox.namespace);
    const servers = await askServers(request, notes, kernel, group);
    await Promise.all([
      ...group.map((a) => askForHolders(request, notes, kernel, a)),
      measureWays(request, notes, kernel, group, servers),
    ]);
  } catch (error) {
    if (!(error instanceof CannotOpen) && !isSystemError(error)) throw error;
    notes.doubts.push({
      sentence: `what the container of ${nameOf(first)} would have answered`,
      evidence: [error.message],
      scopes: group.map(({ cached }) => about.attachment(cached)),
    });
  }
}

const LOOPBACK = "127.0.0.1";

/** Gives the servers that it is configured with, beyond its own loopback. */
async function askServers(
  { s, name }: ProbeRequest,
  notes: Notes,
  kernel: Kernel,
  group: readonly [Attached, ...Attached[]],
): Promise<string[]> {
  const { inhabited, confs, missing } = await resolversOf(s.native, group[0].sandbox.namespace);
  if (!inhabited) return [];
  const servers = new Map(
    confs.flatMap(({ servers: each, search }) => each.map((server) => [server, search] as const)),
  );
  if (servers.size === 0) {
    const answer = await askServer(s.native, kernel.netns, LOOPBACK, { name, search: undefined });
    const wrong = confs.flatMap((conf) => conf.wrong);
    const why = wrong.length > 0 ? `"nameserver ${wrong[0]}" names no address` : "/etc/resolv.conf names none";
    if (answer.kind === "silent") notes.findings.push(noServer(group, confs.length === 0 ? (missing ?? why) : why));
  }
  await Promise.all(
    [...servers].map(async ([server, search]) => {
      const answer = await askServer(s.native, kernel.netns, server, { name, search });
      notes.asked.push({ by: group, server, answer });
    }),
  );
  return [...servers.keys()].filter((server) => !/^127\.|^::1$|%/.test(server));
}

/** Links whose wire others may be on; a pair of `ptp` has only the host at its other end. */
const hasWire = ({ main }: Attached): boolean => ["bridge", "macvlan", "vxlan", "host-device"].includes(main.type);

async function askForHolders({ s, picture }: ProbeRequest, notes: Notes, kernel: Kernel, a: Attached): Promise<void> {
  const { inner, sandbox } = a;
  if (!inner?.up || inner.mac === "" || !hasWire(a)) return;
  const own = new Set([...(sandbox.links ?? []), ...(picture.host.links ?? [])].map(({ mac }) => mac));
  await Promise.all(
    addressesOf(a).map(async ({ cidr: { ip } }) => {
      const text = formatIp(ip);
      if (!sandbox.addrs?.some(({ link, address }) => link === inner.index && address === text)) return;
      const holder = await otherHolder(s.native, kernel.netns, inner, ip, own);
      if (holder !== undefined)
        notes.findings.push(otherHolderFinding(text, nameOf(a), holder, [about.attachment(a.cached)]));
    }),
  );
}

/** What is beyond this host and known: the gateways there, and the name servers. */
async function measureWays(
  { picture: { host } }: ProbeRequest,
  notes: Notes,
  kernel: Kernel,
  group: readonly Attached[],
  servers: readonly string[],
): Promise<void> {
  const { sandbox } = group[0] as Attached;
  const gateways = [...gatewaysIn(sandbox), ...(group.some(isRouted) ? gatewaysIn(host) : [])];
  const isHosts = isLocalIn(host);
  const isOwn = isLocalIn(sandbox);
  for (const target of new Set([...servers, ...gateways])) {
    const ip = parseIp(target);
    if (!ip || isHosts(ip) || isOwn(ip) || /^fe[89ab]/.test(target)) continue;
    const index = wayTo(sandbox, ip);
    const link = sandbox.links?.find((each) => each.index === index);
    const a = group.find(({ inner }) => inner?.index === index);
    if (!link?.up || !a) continue;
    const way = `${a.cached.network} ${link.mtu} ${target}`;
    if (notes.ways.has(way)) continue;
    notes.ways.add(way);
    const narrow = await narrowWay(kernel, target, link.mtu);
    if (narrow) notes.narrow.push({ by: a, way: narrow });
  }
}

const gatewaysIn = ({ routes }: Snapshot): string[] =>
  (routes ?? []).flatMap((route) =>
    route.dst === "0.0.0.0/0" || route.dst === "::/0"
      ? [...(route.gw ? [route.gw] : []), ...(route.nexthops ?? []).flatMap(({ gw }) => (gw ? [gw] : []))]
      : [],
  );
