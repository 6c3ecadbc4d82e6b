import { CNI_CODE, CniError } from "../../src/cni/errors.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { Link } from "../../src/kernel/link.ts";
import { isNetlinkError } from "../../src/netlink/socket/index.ts";
import { deleteLink } from "../../src/plugin/attachment-links.ts";
import {
  type Attachment,
  MAX_ALIAS,
  type Owner,
  ownerMark,
  ownerOf,
  parseOwnerMark,
  sha512,
} from "../../src/plugin/owner.ts";
import type { Transaction } from "../../src/plugin/steps.ts";

/**
 * The link through which what arrives from an attachment is sent, so that it can be queued: `bwp` and 12 hex digits of the
 * attachment's hash.
 */
export const ifbName = ({ attachment }: Owner): string => `bwp${attachment.slice(0, 12)}`;

/** The reference's has those of SHA-512(network, container): one for all interfaces of a container. */
export const referenceIfbName = ({ network, containerId }: Attachment): string =>
  `bwp${sha512(network + containerId).slice(0, 12)}`;

export const isIfbName = (name: string): boolean => /^bwp[0-9a-f]{12}$/.test(name);

/** Makes the attachment's IFB, up and of the shaped link's MTU. One that a killed or repeated ADD left makes way. */
export async function addIfb(tx: Transaction, kernel: Kernel, attachment: Attachment, shaped: Link): Promise<Link> {
  const name = ifbName(ownerOf(attachment));
  const spec = { name, up: true, mtu: shaped.mtu, txqlen: 0, info: { kind: "ifb" } } as const;
  const ifb = await tx.step(
    "create IFB",
    async () => {
      try {
        return await kernel.link.add(spec);
      } catch (error) {
        if (!isNetlinkError(error, "EEXIST")) throw error;
        const there = await kernel.link.get(name);
        if (there && !isIfbOf(there, attachment)) throw taken(there, error);
        await removeIfb(kernel, attachment);
        return await kernel.link.add(spec);
      }
    },
    () => removeIfb(kernel, attachment),
  );
  // A second message: the kernel ignores an alias in the one that makes a link.
  await tx.step("mark IFB", () => kernel.link.set(ifb.index, { alias: ownerMark(attachment, MAX_ALIAS) }));
  return ifb;
}

const taken = ({ name, kind }: Link, cause: unknown): CniError =>
  new CniError(
    CNI_CODE.OPERATION_FAILED,
    `link "${name}" is there already: of kind ${kind ?? "device"}, and not this attachment's`,
    `ip -d link show ${name} says more; remove it if nobody needs it`,
    { cause },
  );

/** Of this name; an IFB without a mark is half-made. */
function isIfbOf(link: Link, attachment: Attachment): boolean {
  if (link.kind !== "ifb") return false;
  return !link.alias || parseOwnerMark(link.alias)?.attachment === ownerOf(attachment).attachment;
}

/** The attachment's IFB, if it is there. */
export async function findIfb(kernel: Kernel, attachment: Attachment): Promise<Link | undefined> {
  const link = await kernel.link.get(ifbName(ownerOf(attachment)));
  return link && isIfbOf(link, attachment) ? link : undefined;
}

export async function removeIfb(kernel: Kernel, attachment: Attachment): Promise<void> {
  const ifb = await findIfb(kernel, attachment);
  if (ifb) await deleteLink(kernel, ifb.index);
}
