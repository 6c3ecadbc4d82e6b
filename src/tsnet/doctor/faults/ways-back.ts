import { formatIp } from "../../../ip/index.ts";
import { about, type Finding } from "../finding.ts";
import { type Attached, addressesOf, isRouted, nameOf, type Picture, wayIn } from "../picture.ts";
import { isPlain, OUTSIDE, sourceCheck, wayTo } from "../routing.ts";
import { type PublishedPort, portsByAttachment } from "./published.ts";

const STRICT = 1;

/** The host's routes to containers, and where `rp_filter` drops what comes in by another link than the answer would leave by. */
export function waysBack(picture: Picture): Finding[] {
  const ports = portsByAttachment(picture);
  return picture.attachments.flatMap((a) => [...onHost(picture, a), ...inContainer(a, ports.get(a.cached) ?? [])]);
}

function onHost({ host }: Picture, a: Attached): Finding[] {
  const link = wayIn(a);
  if (!isRouted(a) || !link?.up || !isPlain(host)) return [];
  const scopes = [about.attachment(a.cached)];
  return addressesOf(a).flatMap(({ cidr }): Finding[] => {
    const text = formatIp(cidr.ip);
    const index = wayTo(host, cidr.ip);
    if (index === link.index) return [];
    const name = host.links?.find((each) => each.index === index)?.name ?? "nowhere";
    const found: Finding[] = [
      {
        fault: "route-elsewhere",
        sentence: `the host's route to ${text} of ${nameOf(a)} leads to ${name} and not to ${link.name}`,
        evidence: [`ip route get ${text}: ${name}`],
        remedy: `ip route show to match ${text}: delete the one that is too much; tsnet repair puts the network's own back`,
        scopes,
        follows: ["gateway-missing", "wrong-prefix", "bridge-missing", "off-bridge", "ipv6-disabled"],
      },
    ];
    if (cidr.ip.family === 4 && sourceCheck(host, link.name) === STRICT)
      found.push({
        fault: "rp-filter",
        sentence: `rp_filter drops what ${nameOf(a)} sends from ${text}: the host would answer through ${name}`,
        evidence: [`rp_filter of ${link.name} is ${STRICT}`],
        remedy: `put the route right, or sysctl -w net.ipv4.conf.${link.name}.rp_filter=2`,
        scopes,
        follows: ["route-elsewhere"],
      });
    return found;
  });
}

function inContainer(a: Attached, ports: readonly PublishedPort[]): Finding[] {
  const { inner, sandbox } = a;
  const port = ports.find(({ published, isPrivate }) => published.family === 4 && !isPrivate);
  if (!inner?.up || !port || !isPlain(sandbox) || sourceCheck(sandbox, inner.name) !== STRICT) return [];
  const index = wayTo(sandbox, OUTSIDE[4]);
  if (index === inner.index) return [];
  const name = sandbox.links?.find((each) => each.index === index)?.name;
  return [
    {
      fault: "rp-filter",
      sentence: `rp_filter in the container of ${nameOf(a)} drops connections from outside to its published port ${port.text}: they come in by ${inner.name}, and ${name === undefined ? "no route leads back" : `the way back is ${name}`}`,
      evidence: [`rp_filter of ${inner.name} is ${STRICT} in the container`],
      remedy: `sysctl -w net.ipv4.conf.${inner.name}.rp_filter=2 (and of all) in the container, or make this network its default route`,
      scopes: [about.attachment(a.cached)],
      follows: ["no-default-route", "wrong-gateway"],
    },
  ];
}
