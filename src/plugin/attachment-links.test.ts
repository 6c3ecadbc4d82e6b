import { expect, test } from "bun:test";
import type { AttachmentRequest, NetworkConfig } from "../cni/types.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Link } from "../kernel/link.ts";
import { NetlinkError } from "../netlink/socket/index.ts";
import { collectLinks, deleteAttachmentLinks, findHostEnd } from "./attachment-links.ts";
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

test("the host's end is found by its name, and only if it bears no other attachment's mark", async () => {
  const owner = ownerOf(attachment("a"));
  const named = port(1, "a");
  const findAmong = async (link: Link) => {
    const verbs: Pick<Kernel["link"], "get"> = { get: async (name) => (name === link.name ? link : undefined) };
    return (await findHostEnd({ link: verbs } as Kernel, owner))?.index;
  };
  expect(await findAmong(named)).toBe(1);
  expect(await findAmong({ ...named, alias: undefined })).toBe(1);
  expect(await findAmong({ ...named, alias: ownerMark(attachment("b"), MAX_ALIAS) })).toBeUndefined();
  expect(await findAmong({ ...named, alias: "somebody's" })).toBeUndefined();
  expect(await findAmong({ ...named, alias: undefined, kind: "dummy" })).toBeUndefined();
});

test("without a host's end, a link in the sandbox goes only with a proof that it is this attachment's", async () => {
  const owner = ownerOf(attachment("a"));
  const mac = "02:00:00:00:00:01";
  const deletes = async (link: Partial<Link>, listed: string | undefined, identity = "1:2"): Promise<boolean> => {
    let deleted = false;
    const verbs: Pick<Kernel["link"], "get" | "del"> = {
      get: async () => ({ index: 5, name: "eth0", mac, ...link }) as Link,
      async del() {
        deleted = true;
      },
    };
    const sandbox: Pick<Kernel, "identity" | typeof Symbol.asyncDispose> & { link: typeof verbs } = {
      identity,
      link: verbs,
      [Symbol.asyncDispose]: async () => {},
    };
    const host: Pick<Kernel, "identity" | "enter"> = { identity: "1:1", enter: async () => sandbox as Kernel };
    const interfaces = [{ name: "eth0", mac: listed, sandbox: "/run/netns/a" }];
    const conf: NetworkConfig = {
      cniVersion: "1.0.0",
      name: "net",
      type: "bridge",
      raw: {},
      prevResult: { interfaces },
    };
    const req: AttachmentRequest = { conf, containerId: "a", ifName: "eth0", netns: "/run/netns/a", args: "" };
    await deleteAttachmentLinks(host as Kernel, req, owner, undefined);
    return deleted;
  };
  expect(await deletes({ alias: ownerMark(attachment("a"), MAX_ALIAS) }, undefined)).toBe(true);
  expect(await deletes({}, "02:00:00:00:00:01")).toBe(true);
  expect(await deletes({}, "02:00:00:00:00:02")).toBe(false);
  expect(await deletes({}, undefined)).toBe(false);
  expect(await deletes({ alias: ownerMark(attachment("b"), MAX_ALIAS) }, undefined)).toBe(false);
  // The host's own namespace.
  expect(await deletes({}, "02:00:00:00:00:01", "1:1")).toBe(false);
});
