import type { CachedAttachment } from "../../cni/runtime/cache.ts";
import { delNetwork } from "../../cni/runtime/chain.ts";
import { formatIp, ipFromBytes } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { masquerade } from "../../plugin/nat/masquerade.ts";
import { hostEnd } from "../../plugin/nat/port-keys.ts";
import { findRecords } from "../../plugin/nat/records.ts";
import { listPublished, release } from "../../plugin/nat/unpublish.ts";
import { type Attachment, hostVethName, ownerOf, parseOwnerMark } from "../../plugin/owner.ts";
import type { Census } from "../census.ts";
import { type CommonOptions, runtimeOf } from "../cni/options.ts";
import { readBooks } from "../ipam/books.ts";
import { formatLease, freeLease } from "../ipam/free.ts";
import { leaseState } from "../ipam/ls.ts";
import { lookAt } from "../look/index.ts";
import { NETNS_FOLDER } from "../look/mounts.ts";
import { cachedList } from "../repair/request.ts";
import type { Surroundings } from "../surroundings.ts";

/** Something that its owner left behind, and how to take it away. */
export interface Leftover {
  readonly kind: "attachment" | "link" | "port" | "masquerading" | "lease" | "name";
  /** Hostile text. */
  readonly what: string;
  readonly why: string;
  remove(): Promise<void>;
}

export interface GcOptions extends CommonOptions {
  readonly dataDir?: string;
}

/** Attachments that runtimes remember although nothing of them stands: their DEL takes away most of what they left. */
export function deadAttachments(s: Surroundings, census: Census, options: GcOptions): Leftover[] {
  return census.attachments
    .filter((attachment) => !census.isStanding(attachment))
    .map((attachment) => ({
      kind: "attachment",
      what: nameOf(attachment),
      why: attachment.netns === "" ? "it has no namespace" : `its namespace ${attachment.netns} is gone`,
      remove: async () => {
        // A container of the same name may have been started since.
        if (census.isStanding(attachment)) return;
        await delNetwork(
          runtimeOf(s, { ...options, cacheDir: attachment.cacheDir }),
          cachedList(attachment),
          attachment,
        );
      },
    }));
}

const nameOf = ({ network, containerId, ifName }: Attachment): string => `${network} ${containerId} ${ifName}`;

/** What is left of others, that nobody remembers: what belongs to `dead` goes with them. */
export async function leftovers(
  s: Surroundings,
  host: Kernel,
  census: Census,
  dead: readonly CachedAttachment[],
  options: GcOptions,
): Promise<Leftover[]> {
  const goes = new Set(dead.map((attachment) => ownerOf(attachment).attachment));
  const stays = new Set(census.attachments.filter((a) => !dead.includes(a)).map((a) => ownerOf(a).attachment));
  const isOrphan = (owner: { readonly attachment: string } | undefined): boolean =>
    owner !== undefined && !stays.has(owner.attachment) && !goes.has(owner.attachment);
  return [
    ...(await orphanLinks(s, host, census, isOrphan)),
    ...(await orphanPorts(host, census, isOrphan)),
    ...(await orphanMasquerading(host, census, isOrphan)),
    ...orphanLeases(s, census, dead, options),
    ...emptyNames(s, census),
  ];
}

type IsOrphan = (owner: { readonly attachment: string } | undefined) => boolean;

/** Pairs of ours that lead nowhere: their other end is on the host too. In a container it would go with its namespace. */
async function orphanLinks(s: Surroundings, host: Kernel, census: Census, isOrphan: IsOrphan): Promise<Leftover[]> {
  const own = census.host.namespaces.find((ns) => ns.own);
  if (!own) return [];
  const look = await lookAt(s, census.host.namespaces, ["links"], [own]);
  return (look.snapshots[0]?.links ?? []).flatMap((link): Leftover[] => {
    const mark = parseOwnerMark(link.alias);
    if (!mark || link.name !== hostVethName(mark) || !isOrphan(mark)) return [];
    if (look.peerOf(own.identity, link)?.namespace?.identity !== own.identity) return [];
    return [
      {
        kind: "link",
        what: link.name,
        why: "its other end is in no container",
        remove: () => host.link.del(link.index),
      },
    ];
  });
}

async function orphanPorts(host: Kernel, census: Census, isOrphan: IsOrphan): Promise<Leftover[]> {
  const records = await listPublished(host);
  return records
    .filter(({ owner, target }) => isOrphan(owner) && !census.addresses.has(formatIp(target)))
    .map((record) => ({
      kind: "port",
      what: hostEnd(record),
      why: `${formatIp(record.target)} of ${record.label || "nobody known"} is nowhere`,
      remove: async () => {
        await release(host, [record]);
      },
    }));
}

async function orphanMasquerading(host: Kernel, census: Census, isOrphan: IsOrphan): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const record of await findRecords(host.nft, ["masq4", "masq6"])) {
    const ip = ipFromBytes(record.key);
    const [network = "", containerId = "", ifName = ""] = record.label.split(" ");
    const attachment = { network, containerId, ifName };
    // The readable part may be cut; then whose it was cannot be told.
    if (!ip || !isOrphan(record.owner) || ownerOf(attachment).attachment !== record.owner?.attachment) continue;
    if (census.addresses.has(formatIp(ip))) continue;
    found.push({
      kind: "masquerading",
      what: `of ${formatIp(ip)}`,
      why: `it was that of ${nameOf(attachment)}, and is nowhere`,
      remove: () => masquerade.del(host, attachment),
    });
  }
  return found;
}

function orphanLeases(
  s: Surroundings,
  census: Census,
  dead: readonly CachedAttachment[],
  options: GcOptions,
): Leftover[] {
  const found: Leftover[] = [];
  for (const book of readBooks(s, options))
    for (const lease of book.leases) {
      const { owner } = lease;
      if (leaseState(census, book.network, lease) !== "gone") continue;
      if (dead.some((a) => a.network === book.network && a.containerId === owner?.containerId)) continue;
      found.push({
        kind: "lease",
        what: `${book.network} ${formatLease(lease)}`,
        why: "its holder is gone",
        remove: async () => {
          await freeLease(book, lease);
        },
      });
    }
  return found;
}

/** Files among the names of `ip netns` to which nothing is bound; empty ones only, as a killed program leaves them. */
function emptyNames({ native }: Surroundings, census: Census): Leftover[] {
  return census.host.remarks
    .filter(({ about }) => about.startsWith(`${NETNS_FOLDER}/`))
    .filter(({ about }) => {
      const st = native.stat(about, false);
      return st?.kind === "file" && st.size === 0;
    })
    .map(({ about }) => ({
      kind: "name",
      what: about,
      why: "no namespace is bound to it",
      remove: async () => native.netnsDelete(about),
    }));
}
