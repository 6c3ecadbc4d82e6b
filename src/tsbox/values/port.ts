/** What `-p` publishes: one port of the host and the container's that it leads to. */
export interface PortSpec {
  /** An IPv4 address, an IPv6 one without brackets, or "" for every address. */
  readonly hostIp: string;
  /** 0 takes a free one. */
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
}

/** A range of ports is expanded; more than this in one option is a mistake. */
const MAX_RANGE = 10_000;

/** `[[IP:][HOSTPORT]:]PORT[/tcp|udp|sctp]`, ports also as ranges `8000-8010` of equal length; an IPv6 address in brackets. */
export function parsePorts(text: string): readonly PortSpec[] {
  const match =
    /^(?:(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(?=[^:]*:))?(?:([0-9-]*):)?([0-9-]+)(?:\/(tcp|udp|sctp))?$/i.exec(text);
  if (!match) throw new Error("need [[IP:][HOSTPORT]:]PORT[/tcp|udp|sctp]");
  const [, six, four, host = "", inside = "", protocol = "tcp"] = match;
  if (four !== undefined && !isIpv4(four)) throw new Error(`${JSON.stringify(four)} is no IPv4 address`);
  if (six !== undefined && !six.includes(":")) throw new Error(`${JSON.stringify(six)} is no IPv6 address`);
  const containerPorts = range(inside, 1);
  const hostPorts = host === "" ? containerPorts.map(() => 0) : range(host, 0);
  if (hostPorts.length !== containerPorts.length)
    throw new Error(`${hostPorts.length} ports of the host cannot lead to ${containerPorts.length} of the container`);
  return containerPorts.map((containerPort, i) => ({
    hostIp: six ?? four ?? "",
    hostPort: hostPorts[i] ?? 0,
    containerPort,
    protocol: protocol.toLowerCase() as PortSpec["protocol"],
  }));
}

function range(text: string, least: number): number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!(first >= least && last >= first && last <= 65_535))
    throw new Error(`${JSON.stringify(text)} is no port or range of ports`);
  if (last - first >= MAX_RANGE) throw new Error(`more than ${MAX_RANGE} ports in ${JSON.stringify(text)}`);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}
