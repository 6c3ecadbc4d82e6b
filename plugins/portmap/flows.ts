import { formatIp, parseIp } from "../../src/ip/index.ts";
import type { FlowFilter } from "../../src/kernel/conntrack.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { PROTOCOL } from "../../src/plugin/nat/expressions.ts";
import { isLoopback, type Published } from "../../src/plugin/nat/port-keys.ts";

/** Protocols whose flows live on without an end: a client that keeps sending would keep its old translation. */
const hasLastingFlows = (p: Published): boolean => p.protocol !== "tcp";

/**
 * After publishing: forgets flows to these ports of this host that lead elsewhere than to the container, so that their
 * next packet is translated anew. Flows that only pass through the host are left alone.
 */
export async function forgetEarlierFlows(host: Kernel, published: readonly Published[]): Promise<void> {
  const lasting = published.filter(hasLastingFlows);
  if (lasting.length === 0) return;
  const own = new Set((await host.addr.list()).map(({ address }) => address));
  const isOwn = (text: string): boolean => {
    const ip = parseIp(text);
    return own.has(text) || (ip !== undefined && isLoopback(ip));
  };
  await host.conntrack.flush(
    lasting.map((p) => ({ ...portOf(p), target: formatIp(p.target), targetPort: p.targetPort })),
    (flow, { target, targetPort }) =>
      isOwn(flow.original.dst) && (flow.reply.src !== target || flow.reply.srcPort !== targetPort),
  );
}

const portOf = (p: Published): FlowFilter => ({
  family: p.family,
  protocol: PROTOCOL[p.protocol],
  originalDst: p.hostAddress && formatIp(p.hostAddress),
  originalDstPort: p.hostPort,
});

/** After taking ports back: forgets the flows that lead to the container through them. */
export async function forgetFlowsTo(host: Kernel, published: readonly Published[]): Promise<void> {
  await host.conntrack.flush(
    published
      .filter(hasLastingFlows)
      .map((p) => ({ ...portOf(p), replySrc: formatIp(p.target), replySrcPort: p.targetPort })),
  );
}
