import type { CniIp } from "../../cni/types.ts";
import { type Cidr, formatCidr, formatIp, ipToBytes, networkCidr, parseCidr } from "../../ip/index.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { NftChange, NftView } from "../../kernel/nft.ts";
import { comment } from "../../netlink/nft/index.ts";
import { checkFailed } from "../check.ts";
import { cidrOf } from "../layer3.ts";
import { type Attachment, MAX_COMMENT, networkHash, type Owner, ownerMark, ownerOf } from "../owner.ts";
import { ensureChain, type NamedRule, rulesOf } from "./chains.ts";
import {
  type Family,
  inPrefix,
  isFamily,
  loadKey,
  masquerade as masqueradeRule,
  verdict,
  verdictMap,
} from "./expressions.ts";
import { type Entry, findRecords, insertion, type NatRecord, readSlots, removal, removalOfUnused } from "./records.ts";
import { checkShared, ensureShared, type SharedPart } from "./shared.ts";
import { declareSet, TABLE } from "./table.ts";
import { requireUsable } from "./unusable.ts";

const SET = { 4: "masq4", 6: "masq6" } as const;
const SETS = [SET[4], SET[6]];

/** By source address to the chain of its network. */
export const MASQUERADE_PART: SharedPart = {
  get sets() {
    const about = "containers whose connections are masqueraded";
    return [declareSet(SET[4], ["ipv4_addr"], "verdict", about), declareSet(SET[6], ["ipv6_addr"], "verdict", about)];
  },
  chains: [
    {
      name: "masq-postrouting",
      base: { type: "nat", hook: "postrouting", priority: 100 },
      uses: 2,
      get rules() {
        return ([4, 6] as const).map((family) => [
          ...isFamily(family),
          ...loadKey(family, ["saddr"]),
          verdictMap(SET[family]),
        ]);
      },
    },
  ],
};

/** The chain of a network. */
export const masqueradeChain = (owner: Pick<Owner, "network">): string => `net-${owner.network}`;

/** Not masqueraded, as in the reference. */
const MULTICAST = ["224.0.0.0/4", "ff00::/8"];
const MASQUERADE = "masquerade";

const passed = (prefix: Cidr): NamedRule => ({
  comment: formatCidr(prefix),
  expressions: [...isFamily(prefix.ip.family), ...inPrefix("daddr", prefix), verdict("return")],
});

/** The network's own prefixes and multicast pass, and what else its plugin lets pass; all else is masqueraded. */
const rulesFor = (subnets: readonly string[], passes: readonly NamedRule[]): NamedRule[] => [
  ...passes,
  ...[...subnets, ...MULTICAST].flatMap((text) => {
    const prefix = parseCidr(text);
    return prefix ? [passed(prefix)] : [];
  }),
  { comment: MASQUERADE, expressions: [masqueradeRule] },
];

const subnetOf = (ip: CniIp): string => formatCidr(networkCidr(cidrOf(ip.address)));

function slotOf(ip: CniIp): { set: string; key: Uint8Array } {
  const { ip: address } = cidrOf(ip.address);
  return { set: SET[address.family satisfies Family], key: ipToBytes(address) };
}

/** @param passes rules that return for packets which are not to be masqueraded either; what they refer to is there */
async function add(
  { nft }: Kernel,
  attachment: Attachment,
  ips: readonly CniIp[],
  passes: readonly NamedRule[] = [],
): Promise<void> {
  const owner = ownerOf(attachment);
  const chain = masqueradeChain(owner);
  const userdata = comment(ownerMark(attachment, MAX_COMMENT));
  await nft.transaction(async (view) => {
    const shared = await ensureShared(view, MASQUERADE_PART);
    const subnets = (await rulesOf(view, chain)).filter((text) => text !== MASQUERADE && !MULTICAST.includes(text));
    for (const subnet of ips.map(subnetOf)) if (!subnets.includes(subnet)) subnets.push(subnet);
    // An address belongs to whom IPAM gave it; a record of an earlier holder is stale.
    const stale = (await readSlots(view, ips.map(slotOf))).filter((record) => record !== undefined);
    const entries = ips.map(
      (ip): Entry => ({
        ...slotOf(ip),
        element: { data: { verdict: { code: "jump", chain } }, userdata },
      }),
    );
    return {
      result: undefined,
      changes: [
        ...shared,
        ...(await ensureChain(
          view,
          chain,
          `network ${attachment.network}`.slice(0, MAX_COMMENT),
          rulesFor(subnets, passes),
        )),
        ...removal(stale),
        ...insertion(entries),
        ...(await removalOfUnused(view, stale, new Map([[chain, ips.length]]))),
      ],
    };
  });
}

/** @param ips the addresses, if known: without them all records are looked through */
async function del({ nft }: Kernel, attachment: Attachment, ips?: readonly CniIp[]): Promise<void> {
  const { attachment: hash } = ownerOf(attachment);
  await nft.transaction(async (view) => {
    const known = (ips ?? []).filter((ip) => parseCidr(ip.address)).map(slotOf);
    const found = known.length > 0 ? await readSlots(view, known) : await findRecords(view, SETS, hash);
    return { result: undefined, changes: await removalOf(view, found, (owner) => owner.attachment === hash) };
  });
}

async function gc({ nft }: Kernel, network: string, valid: ReadonlySet<string>): Promise<void> {
  const hash = networkHash(network);
  await nft.transaction(async (view) => {
    const found = await findRecords(view, SETS, hash);
    const changes = await removalOf(view, found, (o) => o.network === hash && !valid.has(o.attachment));
    return { result: undefined, changes };
  });
}

async function removalOf(
  view: NftView,
  found: readonly (NatRecord | undefined)[],
  isGone: (owner: Owner) => boolean,
): Promise<NftChange[]> {
  const gone = found.filter((record) => record?.owner !== undefined && isGone(record.owner)) as NatRecord[];
  return gone.length === 0 ? [] : [...removal(gone), ...(await removalOfUnused(view, gone))];
}

async function check(
  { nft }: Kernel,
  attachment: Attachment,
  ips: readonly CniIp[],
  passes: readonly NamedRule[] = [],
): Promise<void> {
  const owner = ownerOf(attachment);
  const chain = masqueradeChain(owner);
  await checkShared(nft, MASQUERADE_PART);
  const present = await rulesOf(nft, chain);
  const wanted = [...passes.map(({ comment: text }) => text), ...ips.map(subnetOf), ...MULTICAST, MASQUERADE];
  const missing = wanted.find((text) => !present.includes(text));
  if (missing !== undefined)
    throw checkFailed(`nft chain "${TABLE.family} ${TABLE.table} ${chain}" has no rule "${missing}"`);
  for (const [i, record] of (await readSlots(nft, ips.map(slotOf))).entries()) {
    const text = formatIp(cidrOf(ips[i]?.address ?? "").ip);
    if (record?.owner?.attachment !== owner.attachment)
      throw checkFailed(`connections of ${text} are not masqueraded for this attachment: ${holderText(record)}`);
    if (record.element.data?.verdict?.chain !== chain)
      throw checkFailed(`the masquerading of ${text} leads to another chain than ${chain}`);
  }
}

const holderText = (record: NatRecord | undefined): string =>
  record ? `the record is of ${record.label || "somebody else"}` : "the record is missing";

/** `ipMasq`: connections of containers leave the host with the host's address, those inside their network as they are. */
export const masquerade = {
  add,
  del,
  gc,
  check,
  status: (host: Kernel): Promise<void> => requireUsable(host, MASQUERADE_PART),
};
