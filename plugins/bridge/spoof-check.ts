import type { Kernel } from "../../src/kernel/kernel.ts";
import { type NftChange, type NftView, nftChange, nftLookup } from "../../src/kernel/nft.ts";
import { comment, commentOf, type Expr, type NftElement } from "../../src/netlink/nft/index.ts";
import { checkFailed } from "../../src/plugin/check.ts";
import { verdict } from "../../src/plugin/nat/expressions.ts";
import { IFNAMSIZ, linkKey, linkOf } from "../../src/plugin/nat/link-key.ts";
import { checkShared, ensureShared, type SharedPart } from "../../src/plugin/nat/shared.ts";
import { declareSet } from "../../src/plugin/nat/table.ts";
import { requireUsable } from "../../src/plugin/nat/unusable.ts";
import {
  type Attachment,
  hostVethName,
  MAX_COMMENT,
  networkHash,
  ownerMark,
  ownerOf,
  parseOwnerMark,
} from "../../src/plugin/owner.ts";

/** Frames do not pass `inet`: the check stands in a table of the bridge family. */
const TABLE = { family: "bridge", table: "tsnet" } as const;
/** Ports whose frames are looked at. */
const PORTS = "guarded";
/** Ports with the one source address that their frames may have. */
const PAIRS = "allowed";

/** Registers of 16 bytes, linux/netfilter/nf_tables.h: the name fills the first, the address begins the second. */
const [REG_1, REG_2] = [1, 2];

const iifname: Expr = { kind: "meta", data: { key: "iifname", dreg: REG_1 } };
const sourceAddress: Expr = { kind: "payload", data: { dreg: REG_2, base: "link", offset: 6, len: 6 } };
const NFT_LOOKUP_F_INV = 1;

/** `iifname @guarded iifname . ether saddr != @allowed drop`: the same work for one container as for thousands. */
const PART: SharedPart = {
  table: TABLE,
  get sets() {
    return [
      declareSet(PORTS, ["ifname"], undefined, "ports of containers that may not forge addresses"),
      declareSet(PAIRS, ["ifname", "ether_addr"], undefined, "the source address of each"),
    ];
  },
  chains: [
    {
      name: "spoof-prerouting",
      base: { type: "filter", hook: "prerouting", priority: -300 },
      uses: 1,
      rules: [
        [
          iifname,
          { kind: "lookup", data: { set: PORTS, sreg: REG_1 } },
          iifname,
          sourceAddress,
          { kind: "lookup", data: { set: PAIRS, sreg: REG_1, flags: NFT_LOOKUP_F_INV } },
          verdict("drop"),
        ],
      ],
    },
  ],
};

function pairKey(name: string, mac: string): Uint8Array {
  const key = new Uint8Array(IFNAMSIZ + 8);
  key.set(linkKey(name));
  for (const [i, byte] of mac.split(":").entries()) key[IFNAMSIZ + i] = Number.parseInt(byte, 16);
  return key;
}

interface Guarded {
  /** Host's end of the veth pair. */
  port: string;
  /** The container's hardware address. */
  mac: string;
}

async function add({ nft }: Kernel, attachment: Attachment, { port, mac }: Guarded): Promise<void> {
  const userdata = comment(ownerMark(attachment, MAX_COMMENT));
  const entry = (key: Uint8Array): NftElement => ({ key: { value: key }, userdata });
  await nft.transaction(async (view) => ({
    result: undefined,
    changes: [
      ...(await ensureShared(view, PART)),
      // A port of this name is this attachment's: what stands there is of an earlier life.
      ...(await removalOf(view, (name) => name === port, port)),
      ...nftChange.addElements(TABLE, PORTS, [entry(linkKey(port))]),
      ...nftChange.addElements(TABLE, PAIRS, [entry(pairKey(port, mac))]),
    ],
  }));
}

async function del({ nft }: Kernel, attachment: Attachment): Promise<void> {
  const port = hostVethName(ownerOf(attachment));
  await nft.transaction(async (view) => ({
    result: undefined,
    changes: await removalOf(view, (name) => name === port, port),
  }));
}

/** @param valid attachment hashes */
async function gc({ nft }: Kernel, network: string, valid: ReadonlySet<string>): Promise<void> {
  const hash = networkHash(network);
  await nft.transaction(async (view) => ({
    result: undefined,
    changes: await removalOf(view, (_name, element) => {
      const owner = parseOwnerMark(commentOf(element.userdata));
      return owner?.network === hash && !valid.has(owner.attachment);
    }),
  }));
}

async function removalOf(
  view: NftView,
  isGone: (port: string, element: NftElement) => boolean,
  port?: string,
): Promise<NftChange[]> {
  const changes: NftChange[] = [];
  const containing = port === undefined ? undefined : [new TextEncoder().encode(port)];
  for (const set of [PORTS, PAIRS]) {
    const keys = (await view.elements(TABLE, set, containing))
      .filter((element) => isGone(linkOf(element.key?.value), element))
      .flatMap((element) => element.key?.value ?? []);
    changes.push(...nftChange.delElements(TABLE, set, keys));
  }
  return changes;
}

async function check({ nft }: Kernel, _attachment: Attachment, { port, mac }: Guarded): Promise<void> {
  await checkShared(nft, PART);
  const [guarded, allowed] = await nft.find(
    nftLookup.element(TABLE, PORTS, linkKey(port)),
    nftLookup.element(TABLE, PAIRS, pairKey(port, mac)),
  );
  if (!guarded || !allowed)
    throw checkFailed(
      `source addresses of port "${port}" are not checked against ${mac}: set ${guarded ? PAIRS : PORTS}`,
    );
}

/** `macspoofchk`: frames of a container must bear its own address. */
export const spoofCheck = { add, del, gc, check, status: (host: Kernel): Promise<void> => requireUsable(host, PART) };
