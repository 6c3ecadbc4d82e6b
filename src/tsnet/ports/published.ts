import { formatIp } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { hostEnd } from "../../plugin/nat/port-keys.ts";
import { currentBoot } from "../../plugin/nat/publish.ts";
import { listPublished, type PublishedRecord } from "../../plugin/nat/unpublish.ts";
import { hostVethName, parseOwnerMark } from "../../plugin/owner.ts";

/** A published port as people want to see it. */
export interface PublishedPort {
  readonly record: PublishedRecord;
  /** `tcp 0.0.0.0:8080`, as `tsnet ports release` takes it. */
  readonly host: string;
  /** `10.1.0.5:80` */
  readonly container: string;
  /** Network, container and interface. */
  readonly owner: string;
  /** The owner's link on the host. `undefined`: none of that name, as when another main plugin made it, or it is gone. */
  readonly link: string | undefined;
  /** Put back from a saved rule set: made before this machine was started last. */
  readonly ofEarlierBoot: boolean;
}

/** All published ports of the namespace, by protocol, port and address. */
export async function publishedPorts(host: Kernel): Promise<PublishedPort[]> {
  const records = await listPublished(host);
  const boot = await currentBoot(host);
  const links = new Set(
    (await host.link.list())
      .filter((link) => {
        const mark = parseOwnerMark(link.alias);
        return mark !== undefined && link.name === hostVethName(mark);
      })
      .map((link) => link.name),
  );
  return records.sort(byPort).map((record) => {
    const link = record.owner && hostVethName(record.owner);
    return {
      record,
      host: hostEnd(record),
      container: containerEnd(record),
      owner: record.label || (record.owner ? record.owner.attachment : ""),
      link: link !== undefined && links.has(link) ? link : undefined,
      ofEarlierBoot: record.boot !== undefined && record.boot !== boot,
    };
  });
}

export function containerEnd({ family, target, targetPort }: PublishedRecord): string {
  const address = formatIp(target);
  return `${family === 4 ? address : `[${address}]`}:${targetPort}`;
}

function byPort(a: PublishedRecord, b: PublishedRecord): number {
  const [x, y] = [hostEnd(a), hostEnd(b)];
  return a.protocol.localeCompare(b.protocol) || a.hostPort - b.hostPort || (x < y ? -1 : x > y ? 1 : 0);
}
