import { expect } from "bun:test";
import { ping, serveAll, tcpEcho } from "../../support/traffic.ts";
import {
  address,
  bridgeLink,
  bridgeName,
  defaultRoute,
  flush,
  forwarding,
  gateway,
  lease,
  nftElements,
  nftRule,
  vethPair,
} from "../makes.ts";
import type { Attached } from "../network.ts";
import type { Made, Subject } from "../subject.ts";
import {
  expectConfigured,
  expectGateway,
  expectMasqueraded,
  expectTalk,
  makeUplink,
  subnet4,
  subnet6,
  uplinkOf,
} from "../witness.ts";
import { BRIDGE_STAYS, of4, reset } from "./bridge.ts";

/** An overlay with one other host, which iproute2 sets up in the outside's namespace. */

const vni = (index: number): number => 40 + index;
const device = (index: number): string => `ov${vni(index)}`;
const PEER_MAC = "02:00:00:00:07:02";
const PEER = "192.0.2.2";
const peer4 = (index: number): string => `10.${100 + index}.7.0`;
const peer6 = (index: number): string => `fd99:${index}:7::`;

const onHost = (name: string, command: (index: number) => string, named: RegExp): Made => ({
  name,
  remove: ({ network }: Attached) => network.bench.host.exec("sh", "-c", command(network.place.index)),
  named,
});

const overlay: readonly Made[] = [
  onHost("the VXLAN device", (i) => `ip link del ${device(i)}`, /"ov\d+" is missing/),
  onHost("the device being up", (i) => `ip link set ${device(i)} down`, /"ov\d+" .* state down/),
  onHost("the device's MTU", (i) => `ip link set ${device(i)} mtu 1300`, /mtu 1300, not 1450/),
  onHost(
    "the device's MAC address",
    (i) => `ip link set ${device(i)} address 02:00:00:00:00:99`,
    /mac 02:00:00:00:00:99/,
  ),
  onHost(
    "the device's address",
    (i) => `ip addr flush dev ${device(i)} scope global`,
    /address 10\.88\.\d\.0\/32 missing/,
  ),
  onHost(
    "the underlay address",
    (i) => `ip link set ${device(i)} type vxlan id ${vni(i)} local 192.0.2.77`,
    /local 192\.0\.2\.77/,
  ),
  onHost(
    "the forwarding entry",
    (i) => `bridge fdb del ${PEER_MAC} dev ${device(i)}`,
    /fdb 02:00:00:00:07:02 dst 192\.0\.2\.2/,
  ),
  onHost("the IPv4 neighbour", (i) => `ip neigh del ${peer4(i)} dev ${device(i)}`, /neigh 10\.101\.7\.0/),
  onHost("the IPv6 neighbour", (i) => `ip neigh del ${peer6(i)} dev ${device(i)}`, /neigh fd99:1:7::/),
  onHost("the IPv4 route", (i) => `ip route del ${peer4(i)}/24`, /route 10\.101\.7\.0\/24/),
  onHost("the IPv6 route", (i) => `ip -6 route del ${peer6(i)}/64`, /route fd99:1:7::\/64/),
];

/** The other host, by hand. */
async function makePeer(one: Attached): Promise<void> {
  const { outside } = uplinkOf(one.network);
  const { index } = one.network.place;
  const { host } = one.network.bench;
  const [{ address: mac } = { address: "" }] = JSON.parse(
    await host.exec("ip", "-j", "link", "show", "dev", device(index)),
  ) as { address: string }[];
  const [four, six] = [subnet4(index).replace("/24", ""), subnet6(index).replace("/64", "")];
  await outside.exec(
    "sh",
    "-ec",
    `ip link add vx0 address ${PEER_MAC} type vxlan id ${vni(index)} dev eth0 local ${PEER} dstport 4789 nolearning
     ip addr add ${peer4(index)}/32 dev vx0
     ip addr add ${peer6(index)}/128 dev vx0 nodad
     ip link set vx0 up
     bridge fdb add ${mac} dev vx0 dst 192.0.2.1
     ip neigh add ${four} lladdr ${mac} dev vx0
     ip neigh add ${six} lladdr ${mac} dev vx0
     ip route add ${four}/24 via ${four} dev vx0 onlink src ${peer4(index)}
     ip -6 route add ${six}/64 via ${six} dev vx0 onlink src ${peer6(index)}`,
  );
}

async function expectOtherHost(one: Attached): Promise<void> {
  const { index } = one.network.place;
  const { outside } = uplinkOf(one.network);
  await makePeer(one);
  await using _server = await serveAll(outside, 7004);
  await using _inside = await serveAll(one.sandbox, 7005);
  for (const own of one.addresses) {
    const far = own.includes(":") ? peer6(index) : peer4(index);
    expect(await ping(one.sandbox, far)).toBe(true);
    // As itself: what goes to another host is not masqueraded.
    expect((await tcpEcho(one.sandbox, far, 7004)).address).toBe(own);
    expect((await tcpEcho(outside, own, 7005)).address).toBe(far);
  }
  await outside.exec("ip", "link", "del", "vx0");
}

export const vxlan: Subject = {
  name: "vxlan on a bridge, v4 and v6",
  type: "vxlan",
  families: [4, 6],
  plugins: ({ index, dataDir }) => [
    {
      type: "vxlan",
      vni: vni(index),
      local: "192.0.2.1",
      bridge: bridgeName(index),
      subnets: [subnet4(index), subnet6(index)],
      peers: [{ address: PEER, mac: PEER_MAC, subnets: [`${peer4(index)}/24`, `${peer6(index)}/64`] }],
      ipMasq: true,
      ipam: { type: "host-local", dataDir },
    },
  ],
  prepare: async (network) => {
    await makeUplink(network);
  },
  stays: BRIDGE_STAYS,
  reset: (at) => `ip link del ${device(at.index)} 2>/dev/null\n${reset(at)}`,
  makes: [
    ...vethPair,
    ...bridgeLink,
    ...of4([4, 6], address),
    ...of4([4, 6], gateway),
    ...of4([4, 6], forwarding),
    ...of4([4, 6], defaultRoute),
    ...of4([4, 6], lease),
    ...overlay,
    nftElements(/^masq4$/, (a) => new RegExp(a.addresses[0]?.replaceAll(".", "\\.") ?? "")),
    nftElements(/^overlay4-/, /overlay4-[0-9a-f]{16}/),
    nftElements(/^overlay6-/, /overlay6-[0-9a-f]{16}/),
    nftRule(/^net-[0-9a-f]{16}$/, /net-[0-9a-f]{16}/),
    flush(/nft|tsnet|masq/),
  ],
  tolerates: [/sysctl\.(get|set) .*(accept_ra|arp_notify|ndisc_notify|accept_dad|addr_gen_mode|rp_filter)/],
  async works(one, two) {
    for (const each of [one, two]) await expectConfigured(each);
    await expectTalk(one, two);
    await expectGateway(one);
    await expectMasqueraded(one);
    await expectOtherHost(one);
  },
};
