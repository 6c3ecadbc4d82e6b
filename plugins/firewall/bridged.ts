import { type NftChange, type NftView, nftChange, nftLookup } from "../../src/kernel/nft.ts";
import { comment, commentOf, type Expr, type NftElement } from "../../src/netlink/nft/index.ts";
import { checkFailed } from "../../src/plugin/check.ts";
import { verdict } from "../../src/plugin/nat/expressions.ts";
import { linkKey } from "../../src/plugin/nat/link-key.ts";
import { checkShared, ensureShared, type SharedPart } from "../../src/plugin/nat/shared.ts";
import { declareSet } from "../../src/plugin/nat/table.ts";
import {
  type Attachment,
  MAX_COMMENT,
  type Owner,
  ownerMark,
  ownerOf,
  parseOwnerMark,
} from "../../src/plugin/owner.ts";
import { bytesOfAscii } from "./ascii.ts";
import { lacksMark, markText } from "./mark.ts";
import type { Profile } from "./profile.ts";

/**
 * Frames that a bridge passes on from one container to another do not pass `inet`, or only where `bridge-nf-call-iptables`
 * is 1: `isolated` is kept in the bridge family as well. A frame that `inet` has let through bears a mark by then: the
 * translation of a neighbour's published port, and the answer.
 */
const TABLE = { family: "bridge", table: "tsnet" } as const;
/** The host's ends of isolated containers. */
const PORTS = "isolated";
const CHAIN = "fw-isolate-";

const onPort = (key: "iifname" | "oifname"): Expr[] => [
  { kind: "meta", data: { key, dreg: 1 } },
  { kind: "lookup", data: { set: PORTS, sreg: 1 } },
];

/**
 * `iifname @isolated oifname @isolated meta mark and 0x1000 == 0x0 drop`. Behind 0, where bridged frames have been shown to
 * `inet` (NF_BR_PRI_BRNF, linux/netfilter_bridge.h).
 */
const partOf = (mask: number): SharedPart => ({
  table: TABLE,
  get sets() {
    return [declareSet(PORTS, ["ifname"], undefined, "ports of isolated containers")];
  },
  chains: [
    {
      name: `${CHAIN}${markText(mask)}`,
      base: { type: "filter", hook: "forward", priority: 10 },
      uses: 1,
      get rules() {
        return [[...onPort("iifname"), ...onPort("oifname"), ...lacksMark(mask), verdict("drop")]];
      },
    },
  ],
});

/** All bits that let frames of isolated containers through; zero when there are none. */
const maskOf = (profiles: readonly Profile[]): number =>
  profiles.reduce((mask, { policy, mark }) => (policy === "isolated" ? mask | mark : mask), 0) >>> 0;

/** The chain stands while there is a profile that needs it: changes that leave it so. */
export async function isolationChanges(view: NftView, profiles: readonly Profile[]): Promise<NftChange[]> {
  const mask = maskOf(profiles);
  const part = mask === 0 ? undefined : partOf(mask);
  const surplus = (await view.chains(TABLE, [bytesOfAscii(CHAIN)]))
    .flatMap(({ name }) => (name?.startsWith(CHAIN) ? [name] : []))
    .filter((name) => name !== part?.chains[0]?.name);
  return [
    ...surplus.flatMap((name) => [nftChange.flushChain(TABLE, name), nftChange.delChain(TABLE, name)]),
    ...(part ? await ensureShared(view, part) : []),
  ];
}

/** @param port the host's end of the container's veth pair */
export async function isolate(view: NftView, attachment: Attachment, port: string): Promise<NftChange[]> {
  const key = linkKey(port);
  const [present] = await view.find(nftLookup.element(TABLE, PORTS, key));
  const element: NftElement = { key: { value: key }, userdata: comment(ownerMark(attachment, MAX_COMMENT)) };
  return [
    // A port of this name is this attachment's: what stands there is of an earlier life.
    ...(present ? nftChange.delElements(TABLE, PORTS, [key]) : []),
    ...nftChange.addElements(TABLE, PORTS, [element]),
  ];
}

/** Whether the shared chain is there for these profiles alone; where others set another bit there is another chain. */
export async function isolationStands(view: NftView, profiles: readonly Profile[]): Promise<boolean> {
  const mask = maskOf(profiles);
  return mask === 0 || (await ensureShared(view, partOf(mask))).length === 0;
}

/** The same for one attachment, whose ports may be among these links; where they are not all are looked through. */
export async function removalOfPorts(
  view: NftView,
  hash: string,
  links: readonly string[],
  isGone: (owner: Owner) => boolean,
): Promise<NftChange[]> {
  const keys = links.map(linkKey);
  const found = await view.findAll(keys.map((key) => nftLookup.element(TABLE, PORTS, key)));
  const ours = keys.filter((_, i) => {
    const owner = parseOwnerMark(commentOf(found[i]?.userdata));
    return owner !== undefined && isGone(owner);
  });
  return ours.length > 0 ? nftChange.delElements(TABLE, PORTS, ours) : removalOfIsolated(view, hash, isGone);
}

/** @param hash what all that is looked for has in it: an attachment's, or a network's */
export async function removalOfIsolated(
  view: NftView,
  hash: string,
  isGone: (owner: Owner) => boolean,
): Promise<NftChange[]> {
  const keys = (await view.elements(TABLE, PORTS, [bytesOfAscii(hash)])).flatMap(({ key, userdata }) => {
    const owner = parseOwnerMark(commentOf(userdata));
    return key?.value && owner && isGone(owner) ? [key.value] : [];
  });
  return keys.length === 0 ? [] : nftChange.delElements(TABLE, PORTS, keys);
}

export async function checkIsolated(
  view: NftView,
  attachment: Attachment,
  port: string,
  profiles: readonly Profile[],
): Promise<void> {
  await checkShared(view, partOf(maskOf(profiles)));
  const [present] = await view.find(nftLookup.element(TABLE, PORTS, linkKey(port)));
  if (parseOwnerMark(commentOf(present?.userdata))?.attachment !== ownerOf(attachment).attachment)
    throw checkFailed(`port "${port}" is not among the isolated ones: set "${TABLE.family} ${TABLE.table} ${PORTS}"`);
}

/** For STATUS: whether this kernel can. */
export const ISOLATION_PART: SharedPart = partOf(1);
