import type { Link } from "../../../kernel/link.ts";
import type { Snapshot } from "../../look/index.ts";
import { about, type FaultId, type Finding, type Fix } from "../finding.ts";
import { type Attached, isOn, nameOf, type Picture } from "../picture.ts";

/** Links that are down, or gone, on the way between a container and its bridge. */
export function links({ host, attachments }: Picture): Finding[] {
  return [
    ...attachments.flatMap((a) => ofAttachment(host, a)),
    ...bridges(host, attachments),
    ...parents(host, attachments),
  ];
}

const up = ({ namespace }: Snapshot, link: Link): Fix => ({ kind: "up", netns: namespace.identity, link: link.index });

function ofAttachment(host: Snapshot, a: Attached): Finding[] {
  const scopes = [about.attachment(a.cached)];
  const found: Finding[] = [];
  const down = (fault: FaultId, where: Snapshot, link: Link, place: string, remedy: string): Finding => ({
    fault,
    sentence: `${place} of ${nameOf(a)}, ${link.name}, is down`,
    evidence: [`link ${link.name} has no flag UP`],
    remedy,
    scopes,
    fix: up(where, link),
  });
  if (a.hostEnd && !a.hostEnd.up)
    found.push(down("host-end-down", host, a.hostEnd, "the host's end", `ip link set ${a.hostEnd.name} up`));
  const meantDown = isOn(a, "disableContainerInterface");
  if (a.inner && !a.inner.up && !meantDown)
    found.push(
      down(
        "container-end-down",
        a.sandbox,
        a.inner,
        "the container's end",
        `ip link set ${a.inner.name} up in the container; its routes are gone with it, so better start it anew`,
      ),
    );
  if (!a.inner && a.sandbox.links !== undefined)
    found.push({
      fault: "link-missing",
      sentence: `the container of ${nameOf(a)} has no interface ${a.cached.ifName}`,
      evidence: [`${a.cached.netns} has ${a.sandbox.links.map((link) => link.name).join(", ") || "no links"}`],
      remedy: "start the container anew (DEL and ADD)",
      scopes,
    });
  return found;
}

function bridges(host: Snapshot, attachments: readonly Attached[]): Finding[] {
  return [...Map.groupBy(attachments, ({ bridgeName }) => bridgeName)].flatMap(([name, users]): Finding[] => {
    const bridge = users[0]?.bridge;
    if (name === undefined || bridge?.up) return [];
    const scopes = users.map(({ cached }) => about.attachment(cached));
    const evidence = [`${users.length} of its containers: ${users.slice(0, 3).map(nameOf).join(", ")}`];
    if (!bridge)
      return [
        {
          fault: "bridge-missing",
          sentence: `the bridge ${name} is missing`,
          evidence,
          remedy: "tsnet repair, or tsnet doctor --fix",
          scopes,
          fix: { kind: "repair" },
        },
      ];
    return [
      {
        fault: "bridge-down",
        sentence: `the bridge ${name} is down`,
        evidence: [`link ${name} has no flag UP`, ...evidence],
        remedy: `tsnet repair, or tsnet doctor --fix: IPv6 addresses and routes went with it`,
        scopes: [...scopes, about.link(host.namespace.identity, bridge.index)],
        fix: { kind: "repair" },
      },
    ];
  });
}

/** What macvlans are on. */
function parents(host: Snapshot, attachments: readonly Attached[]): Finding[] {
  const byIndex = Map.groupBy(attachments, ({ inner }) =>
    inner?.kind === "macvlan" && inner.peerNetnsId !== undefined ? inner.peerIndex : undefined,
  );
  return [...byIndex].flatMap(([index, users]): Finding[] => {
    const parent = index === undefined ? undefined : host.links?.find((link) => link.index === index);
    if (!parent || parent.up) return [];
    return [
      {
        fault: "parent-down",
        sentence: `the link ${parent.name}, which macvlan interfaces are on, is down`,
        evidence: [`link ${parent.name} has no flag UP`, `on it: ${users.slice(0, 3).map(nameOf).join(", ")}`],
        remedy: `ip link set ${parent.name} up`,
        scopes: users.map(({ cached }) => about.attachment(cached)),
        fix: up(host, parent),
      },
    ];
  });
}
