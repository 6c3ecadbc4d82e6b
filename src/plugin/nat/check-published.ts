import { formatIp } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { checkFailed } from "../check.ts";
import { type Attachment, containerHash, ownerOf } from "../owner.ts";
import { rulesOf } from "./chains.ts";
import { guardSlot, hairpinSlot, hostEnd, portSlot, publishedOf, standbySlot } from "./port-keys.ts";
import { PORT_PART } from "./port-table.ts";
import { type Publication, privateEntries } from "./publish.ts";
import { type NatRecord, readSlots, type Slot } from "./records.ts";
import { checkShared } from "./shared.ts";
import type { SideChain } from "./side-chains.ts";

/** CHECK: every port leads where it should, with all that goes with it. CniError 101 names what does not. */
export async function checkPublished(
  { nft }: Kernel,
  attachment: Attachment,
  publications: readonly Publication[],
): Promise<void> {
  const owner = ownerOf(attachment);
  await checkShared(nft, PORT_PART);

  const expect = (record: NatRecord | undefined, what: string): NatRecord => {
    if (!record) throw checkFailed(`${what} is missing in the nf_tables table "tsnet"`);
    if (record.owner?.attachment !== owner.attachment)
      throw checkFailed(`${what} is held by ${record.label || "somebody else"}`);
    return record;
  };

  const records = await readSlots(nft, publications.map(portSlot));
  const standbys = await readSlots(nft, publications.map(standbySlot));
  const container = containerHash(attachment.containerId);
  const waiting = new Set<Publication>();
  for (const [i, p] of publications.entries()) {
    const holder = records[i];
    // The same container through another of its networks.
    const standsBy = holder?.container === container && holder.owner?.attachment !== owner.attachment;
    if (standsBy && (p.guard || standbys[i]?.owner?.attachment === owner.attachment)) {
      waiting.add(p);
      continue;
    }
    const to = publishedOf(expect(records[i], `host port ${hostEnd(p)}`));
    if (to?.targetPort !== p.targetPort || to.target.value !== p.target.value)
      throw checkFailed(`host port ${hostEnd(p)} leads to ${to ? formatIp(to.target) : "?"} port ${to?.targetPort}`);
  }

  const sides: { slot: Slot; chain: SideChain | undefined; what: string }[] = [];
  for (const p of publications) {
    if (p.guard && waiting.has(p)) continue;
    if (p.guard) sides.push({ slot: guardSlot(p), chain: p.guard, what: `the condition of host port ${hostEnd(p)}` });
    if (p.hairpin)
      sides.push({ slot: hairpinSlot(p), chain: p.hairpin, what: `the masquerading for host port ${hostEnd(p)}` });
  }
  for (const slot of privateEntries(publications, new Uint8Array()))
    sides.push({ slot, chain: undefined, what: "the protection of a port published on loopback only" });
  const found = await readSlots(
    nft,
    sides.map(({ slot }) => slot),
  );
  const chains = new Map<string, SideChain>();
  for (const [i, { chain, what }] of sides.entries()) {
    const record = expect(found[i], what);
    if (!chain) continue;
    if (record.element.data?.verdict?.chain !== chain.name) throw checkFailed(`${what} is another than configured`);
    chains.set(chain.name, chain);
  }
  for (const { name, rules } of chains.values()) {
    const present = await rulesOf(nft, name);
    if (present.length !== rules.length || rules.some((rule, i) => rule.comment !== present[i]))
      throw checkFailed(`nft chain "inet tsnet ${name}" is not as it was made`);
  }
}
