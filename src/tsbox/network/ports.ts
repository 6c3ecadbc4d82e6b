import { Failure } from "../failure.ts";
import type { PortSpec } from "../values/port.ts";

/** linux: net.ipv4.ip_local_port_range, as nearly every machine has it. */
const FIRST = 32_768;
const LAST = 60_999;
const TRIES = 200;

/**
 * The same ports with a free one of the host for each 0. A port that a program of the host listens on is refused, since the
 * program would no longer be reached; one that another container publishes is refused by the plugin that publishes.
 */
export async function choosePorts(ports: readonly PortSpec[]): Promise<PortSpec[]> {
  const chosen: PortSpec[] = [];
  for (const port of ports) {
    if (port.hostPort !== 0) {
      if (!(await isFree(port)))
        throw new Failure(
          `port ${port.hostPort}/${port.protocol} of the host is in use by a program`,
          `see which: ss -lnp 'sport = :${port.hostPort}'; or publish another port`,
        );
      chosen.push(port);
    } else chosen.push(await pick(port, chosen));
  }
  return chosen;
}

async function pick(port: PortSpec, chosen: readonly PortSpec[]): Promise<PortSpec> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const hostPort = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    const candidate = { ...port, hostPort };
    const taken = chosen.some((other) => other.hostPort === hostPort && other.protocol === port.protocol);
    if (!taken && (await isFree(candidate))) return candidate;
  }
  throw new Failure("no free port of the host was found", "name one: -p HOSTPORT:PORT");
}

/** Whether this process could listen there at this moment. SCTP sockets are not looked for. */
async function isFree({ hostIp, hostPort, protocol }: PortSpec): Promise<boolean> {
  const hostname = hostIp === "" ? "0.0.0.0" : hostIp;
  try {
    if (protocol === "tcp") Bun.listen({ hostname, port: hostPort, socket: { data() {} } }).stop(true);
    else if (protocol === "udp") (await Bun.udpSocket({ hostname, port: hostPort })).close();
    return true;
  } catch (error) {
    // Another error (an address this host has not) is the publishing plugin's to judge.
    return !(error instanceof Error && "code" in error && error.code === "EADDRINUSE");
  }
}
