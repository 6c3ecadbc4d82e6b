/** What the verbs send, beside what ip(8) sends for the same: the recorded bytes of ../netlink/rtnl. */
import { expect, test } from "bun:test";
import { delRoute, newAddr, newLink, newRoute } from "../netlink/rtnl/index.ts";
import type { NetlinkSocket, Request } from "../netlink/socket/index.ts";
import { loadGolden } from "../netlink/wire/golden.ts";
import type { Message } from "../netlink/wire/index.ts";
import { addrVerbs } from "./addr.ts";
import { parsePrefix } from "./cidr.ts";
import type { KernelContext } from "./context.ts";
import { changeRequest } from "./link-request.ts";
import { routeVerbs } from "./route.ts";
import { addVeth } from "./veth.ts";

const rows = async (name: string) => loadGolden(new URL(`../netlink/rtnl/${name}.hex`, import.meta.url));
const [links, veths, addrs, routes] = [
  await rows("link"),
  await rows("kinds/veth"),
  await rows("addr"),
  await rows("route"),
];

/** A kernel that answers nothing and remembers what it was sent. */
function deafKernel(): { ctx: KernelContext; sent: Request[] } {
  const sent: Request[] = [];
  const stop = new Error("deaf");
  const socket: NetlinkSocket = {
    exchange: (requests) => {
      sent.push(...requests);
      return Promise.reject(stop);
    },
    commit: () => Promise.reject(stop),
    get: () => Promise.reject(stop),
    dump: () => Promise.reject(stop),
    close() {},
  };
  const native = {} as KernelContext["native"];
  const ctx: KernelContext = {
    native,
    netns: -1,
    waiting: "here",
    route: () => socket,
    netfilter: () => socket,
    sockDiag: () => socket,
    lostSomething() {},
    closing: (release) => release,
    close() {},
  };
  return { ctx, sent };
}

/** The order of attributes is free. */
function expectSame(message: Message, ours: Uint8Array, theirs: Uint8Array): void {
  expect(message.decode(ours)).toEqual(message.decode(theirs) as never);
  const flags = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint16(6, true);
  expect(flags(ours)).toBe(flags(theirs));
}

test("ip link set", () => {
  const set = {
    up: true,
    mtu: 1400,
    address: "02:00:00:00:00:07",
    txqlen: 500,
    alias: "hello",
    master: 4,
    promisc: true,
  };
  expectSame(newLink, changeRequest(3, set).encode(1), links("set"));
  expectSame(newLink, changeRequest(3, { master: 0 }).encode(1), links("nomaster"));
  expectSame(newLink, changeRequest(3, { name: "web0" }).encode(1), links("rename"));
});

test("ip link add type veth: one message says everything about the peer", async () => {
  const theirs = newLink.decode(veths("add"));
  const { linkInfo } = theirs.attrs;
  const netns = linkInfo?.kind === "veth" ? linkInfo.data?.peer?.attrs.netNsFd : undefined;
  const { ctx, sent } = deafKernel();
  const peer = { name: "eth0", netns: { netns } as never, address: "02:00:00:00:00:09", mtu: 1400 };
  await addVeth(ctx, { name: "v0", mtu: 1400, master: 2, up: true, peer }).catch(() => undefined);
  expectSame(newLink, sent[0]?.encode(1) ?? new Uint8Array(), veths("add"));
});

test("ip addr add, del", () => {
  const addr = addrVerbs(deafKernel().ctx);
  const four = { link: 3, address: "10.1.0.5/16", broadcast: "10.1.255.255", label: "v0:web" };
  expectSame(newAddr, addr.adding(four).encode(1), addrs("add IPv4"));
  const toPeer = { link: 3, address: "10.1.0.5/32", peer: "10.9.0.1", scope: 253 };
  expectSame(newAddr, addr.adding(toPeer).encode(1), addrs("point to point"));
  const six = addr.adding({
    link: 3,
    address: "fd00::5/64",
    nodad: true,
    noPrefixRoute: true,
    validSec: 3600,
    preferredSec: 1800,
    priority: 77,
  });
  const ours = newAddr.decode(six.encode(1));
  // The header's eight bits do not count beside the attribute.
  expect({ ...ours, header: { ...ours.header, flags: 0 } }).toEqual(newAddr.decode(addrs("add IPv6")));
});

test("ip route add, del", () => {
  const route = routeVerbs(deafKernel().ctx);
  const all = {
    dst: "10.2.0.0/16",
    gw: "10.1.0.1",
    oif: 3,
    priority: 50,
    table: 1000,
    src: "10.1.0.5",
    mtu: 1400,
    advmss: 1360,
    protocol: 4,
  };
  expectSame(newRoute, route.adding(all).encode(1), routes("add"));
  const onlink = { dst: "10.3.0.0/16", gw: "192.0.2.1", oif: 3, onlink: true };
  expectSame(newRoute, route.adding(onlink).encode(1), routes("onlink"));
  expectSame(newRoute, route.adding({ dst: "10.4.0.0/16", oif: 3 }).encode(1), routes("on the link"));
  expectSame(newRoute, route.adding({ dst: "10.7.0.0/16", gw: "fd00::1", oif: 3 }).encode(1), routes("via"));
  expectSame(newRoute, route.adding({ dst: "10.8.0.0/16", type: 6 }).encode(1), routes("blackhole"));
  const nexthops = [
    { gw: "10.1.0.1", oif: 3, weight: 3 },
    { gw: "10.1.0.2", oif: 3, onlink: true },
  ];
  expectSame(newRoute, route.adding({ dst: "10.6.0.0/16", nexthops }).encode(1), routes("multipath"));
  expectSame(delRoute, route.deleting({ dst: "10.2.0.0/16", gw: "10.1.0.1" }).encode(1), routes("del"));
});

test("prefixes", () => {
  expect(parsePrefix("10.1.0.5/16")).toEqual({ family: 2, address: "10.1.0.5", length: 16 });
  expect(parsePrefix("fd00::5")).toEqual({ family: 10, address: "fd00::5", length: 128 });
  for (const bad of ["10.1.0.5/33", "fd00::/129", "10.1.0.5/", "10.1.0.5/1e1", "10.1.0.5/ 8", "x/8", ""])
    expect(() => parsePrefix(bad)).toThrow(TypeError);
});
