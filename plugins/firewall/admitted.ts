import { formatIp } from "../../src/ip/index.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import type { NftView } from "../../src/kernel/nft.ts";
import { checkFailed } from "../../src/plugin/check.ts";
import { type NatRecord, readSlots } from "../../src/plugin/nat/records.ts";
import { checkShared } from "../../src/plugin/nat/shared.ts";
import { TABLE } from "../../src/plugin/nat/table.ts";
import { ownerOf } from "../../src/plugin/owner.ts";
import { checkIsolated } from "./bridged.ts";
import { type Member, profilesOf } from "./member.ts";
import { obstacles } from "./obstacles.ts";
import { chainsAtForward, missingPassages } from "./passage.ts";
import { policySlots } from "./policies.ts";
import { hasPreviousForm, previousRecords } from "./previous-form.ts";
import { type Profile, profileCounter } from "./profile.ts";
import { standingProfiles } from "./standing.ts";
import { addressSlot, POLICY_PART, passPart } from "./table.ts";

/** CHECK: all of it stands. CniError 101 names what does not. */
export async function checkAdmitted(host: Kernel, member: Member): Promise<void> {
  const { nft } = host;
  const profiles = profilesOf(member);
  if (!(await isInPreviousForm(nft, member))) {
    await checkShared(nft, passPart(member.mark));
    await checkRecords(nft, member);
    await checkPolicies(nft, member, profiles);
  }
  const hooked = await chainsAtForward(nft, profiles);
  const [obstacle] = await obstacles(host, nft, member, hooked);
  if (obstacle)
    throw checkFailed(`nft chain "${obstacle.name}" drops the container's packets: policy drop`, obstacle.remedy);
  const [missing] = (await missingPassages(nft, profiles, hooked)).missing;
  if (missing !== undefined) throw checkFailed(missing, '"tsnet repair" puts it back, and so does the next ADD');
}

/** An earlier version's ADD made it; the next ADD or DEL of anybody brings it into the present form. */
async function isInPreviousForm(view: NftView, member: Member): Promise<boolean> {
  if (!(await hasPreviousForm(view))) return false;
  const { attachment: hash } = ownerOf(member.attachment);
  const found = await previousRecords(view, member.addresses);
  return found.every(
    (record, i) => record?.owner?.attachment === hash && record.element.data?.verdict?.chain === counterOf(member, i),
  );
}

const counterOf = ({ addresses, profiles }: Member, i: number): string =>
  profileCounter(profiles[addresses[i]?.ip.family ?? 4]).name;

async function checkRecords(view: NftView, member: Member): Promise<void> {
  const { attachment: hash } = ownerOf(member.attachment);
  const found = await readSlots(
    view,
    member.addresses.map((address) => addressSlot(address, member.mark)),
  );
  for (const [i, { ip }] of member.addresses.entries()) {
    const record = found[i];
    const text = formatIp(ip);
    if (record?.owner?.attachment !== hash)
      throw checkFailed(`the packets of ${text} are not let through for this attachment: ${holderText(record)}`);
    if (record.element.objref !== counterOf(member, i))
      throw checkFailed(`the record of ${text} leads to another nft counter than "${counterOf(member, i)}"`);
  }
}

const holderText = (record: NatRecord | undefined): string =>
  record ? `the record is of ${record.label || "somebody else"}` : "the record is missing";

async function checkPolicies(view: NftView, { attachment, port }: Member, own: readonly Profile[]): Promise<void> {
  if (own.every(({ policy }) => policy === "open")) return;
  await checkShared(view, POLICY_PART);
  const standing = (await standingProfiles(view)).map(({ profile }) => profile);
  const links = new Set(own.map(({ link }) => link));
  const slots = policySlots(standing.filter(({ link }) => links.has(link)));
  for (const [i, record] of (await readSlots(view, slots)).entries())
    if (!record)
      throw checkFailed(
        `nft set "${TABLE.family} ${TABLE.table} ${slots[i]?.set}" lacks link "${[...links].join(", ")}"`,
      );
  if (port !== undefined) await checkIsolated(view, attachment, port, standing);
}
