import { expect, test } from "bun:test";
import type { Kernel } from "../kernel/kernel.ts";
import type { Link } from "../kernel/link.ts";
import { NetlinkError } from "../netlink/socket/index.ts";
import { collectLinks } from "./attachment-links.ts";
import { hostVethName, MAX_ALIAS, networkHash, ownerMark, ownerOf } from "./owner.ts";
import type { StepError } from "./steps.ts";

const EPERM = 1;
const BRIDGE = 7;

const attachment = (containerId: string, network = "net") => ({ network, containerId, ifName: "eth0" });

/** The host's end of an attachment; without mark it is half-made. */
function port(index: number, containerId: string, more: Partial<Link> & { network?: string } = {}): Link {
  const whose = attachment(containerId, more.network);
  const alias = ownerMark(whose, MAX_ALIAS);
  return { index, name: hostVethName(ownerOf(whose)), kind: "veth", master: BRIDGE, alias, ...more } as Link;
}

/** A host of these links, of which some cannot be deleted; `later` is what is there when asked a second time. */
function hostOf(links: Link[], stuck: readonly number[] = [], later: readonly Link[] = links) {
  const deleted: number[] = [];
  const link: Pick<Kernel["link"], "list" | "get" | "del"> = {
    list: async () => links,
    get: async (index) => later.find((each) => each.index === index),
    async del(index) {
      if (stuck.includes(Number(index))) throw new NetlinkError(`RTM_DELLINK "${index}"`, EPERM);
      deleted.push(Number(index));
    },
  };
  return { host: { link } as Kernel, deleted };
}

const collect = (host: Kernel, ...valid: string[]) =>
  collectLinks(host, networkHash("net"), new Set(valid.map((id) => ownerOf(attachment(id)).attachment)), BRIDGE);

test("links of this network that are not listed go, others stay", async () => {
  const { host, deleted } = hostOf([port(1, "gone"), port(2, "valid"), port(3, "gone", { network: "net-2" })]);
  expect(await collect(host, "valid")).toBe(1);
  expect(deleted).toEqual([1]);
});

test("a link that cannot be deleted does not keep the others, and all of them are reported", async () => {
  const { host, deleted } = hostOf([port(1, "a"), port(2, "b"), port(3, "c")], [1, 3]);
  const error = (await collect(host).catch((thrown: unknown) => thrown)) as StepError;
  expect(deleted).toEqual([2]);
  expect(error.message).toContain('RTM_DELLINK "1": EPERM');
  expect(error.undoErrors.map(({ message }) => message).join()).toContain('RTM_DELLINK "3": EPERM');
});

test("a link without mark goes when it has none after a while either, is a port of this bridge, and of nobody listed", async () => {
  const unmarked = { alias: undefined };
  const links = [
    port(1, "half", unmarked),
    port(2, "valid", unmarked),
    port(3, "elsewhere", { ...unmarked, master: 8 }),
    port(4, "late", unmarked),
    port(5, "moved", unmarked),
    port(6, "reused", unmarked),
  ];
  const later = [port(1, "half", unmarked), port(4, "late"), port(5, "moved", { ...unmarked, master: 8 })];
  const { host, deleted } = hostOf(links, [], [...later, port(6, "another", unmarked)]);
  expect(await collect(host, "valid")).toBe(1);
  expect(deleted).toEqual([1]);
});
