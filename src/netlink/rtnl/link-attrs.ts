import { attrs, bytes, cstring, enumOf, list, mac, pad, s32, struct, u8, u16, u32, u64 } from "../wire/index.ts";
import { growing } from "./growing.ts";
import { IF_LINK_MODE, IF_OPER, IFLA, IFLA_XDP } from "./link.const.ts";

/** `struct ifinfomsg`, linux/rtnetlink.h. */
export const ifinfomsg = struct({
  family: u8,
  pad: pad(1),
  /** ARPHRD_* of linux/if_arp.h: 1 Ethernet, 772 loopback. */
  type: u16,
  index: s32,
  /** IFF_* of linux/if.h. */
  flags: u32,
  /** Which of `flags` a request means; 0 in answers. */
  change: u32,
});

export const operState = enumOf(u8, {
  unknown: IF_OPER.UNKNOWN,
  notPresent: IF_OPER.NOTPRESENT,
  down: IF_OPER.DOWN,
  lowerLayerDown: IF_OPER.LOWERLAYERDOWN,
  testing: IF_OPER.TESTING,
  dormant: IF_OPER.DORMANT,
  up: IF_OPER.UP,
});

/** `struct rtnl_link_stats64`; the last two fields came with Linux 4.6 and 5.19. */
const stats64 = growing({
  rxPackets: u64,
  txPackets: u64,
  rxBytes: u64,
  txBytes: u64,
  rxErrors: u64,
  txErrors: u64,
  rxDropped: u64,
  txDropped: u64,
  multicast: u64,
  collisions: u64,
  rxLengthErrors: u64,
  rxOverErrors: u64,
  rxCrcErrors: u64,
  rxFrameErrors: u64,
  rxFifoErrors: u64,
  rxMissedErrors: u64,
  txAbortedErrors: u64,
  txCarrierErrors: u64,
  txFifoErrors: u64,
  txHeartbeatErrors: u64,
  txWindowErrors: u64,
  rxCompressed: u64,
  txCompressed: u64,
  rxNohandler: u64,
  rxOtherhostDropped: u64,
});

/** `struct rtnl_link_ifmap`. */
const ifmap = struct({ memStart: u64, memEnd: u64, baseAddr: u64, irq: u16, dma: u8, port: u8, pad: pad(4) });

const xdp = attrs({
  fd: [IFLA_XDP.FD, s32],
  /** XDP_ATTACHED_*: 0 none, 1 driver, 2 generic, 3 hardware, 4 several. */
  attached: [IFLA_XDP.ATTACHED, u8],
  flags: [IFLA_XDP.FLAGS, u32],
  progId: [IFLA_XDP.PROG_ID, u32],
  drvProgId: [IFLA_XDP.DRV_PROG_ID, u32],
  skbProgId: [IFLA_XDP.SKB_PROG_ID, u32],
  hwProgId: [IFLA_XDP.HW_PROG_ID, u32],
});

/** What links of every kind have; IFLA_LINKINFO and IFLA_AF_SPEC come on top, see link.ts. */
export const commonLinkAttrs = attrs({
  ifname: [IFLA.IFNAME, cstring],
  address: [IFLA.ADDRESS, mac],
  broadcast: [IFLA.BROADCAST, mac],
  mtu: [IFLA.MTU, u32],
  minMtu: [IFLA.MIN_MTU, u32],
  /** 0 is no limit. */
  maxMtu: [IFLA.MAX_MTU, u32],
  /** The other end of a veth, the lower link of a macvlan or vlan; in the namespace `linkNetnsId` if that is there. */
  link: [IFLA.LINK, u32],
  linkNetnsId: [IFLA.LINK_NETNSID, s32],
  /** Index of the bridge, vrf, … it is enslaved to; 0 in a request takes it out. */
  master: [IFLA.MASTER, u32],
  qdisc: [IFLA.QDISC, cstring],
  /** Packets. */
  txqlen: [IFLA.TXQLEN, u32],
  operstate: [IFLA.OPERSTATE, operState],
  linkmode: [
    IFLA.LINKMODE,
    enumOf(u8, { default: IF_LINK_MODE.DEFAULT, dormant: IF_LINK_MODE.DORMANT, testing: IF_LINK_MODE.TESTING }),
  ],
  /** At most 255 bytes. Ignored when a link is made, so it needs a message of its own. */
  ifalias: [IFLA.IFALIAS, cstring],
  group: [IFLA.GROUP, u32],
  /** How many times promiscuous mode is wanted, by whomever. */
  promiscuity: [IFLA.PROMISCUITY, u32],
  allmulti: [IFLA.ALLMULTI, u32],
  numTxQueues: [IFLA.NUM_TX_QUEUES, u32],
  numRxQueues: [IFLA.NUM_RX_QUEUES, u32],
  gsoMaxSegs: [IFLA.GSO_MAX_SEGS, u32],
  gsoMaxSize: [IFLA.GSO_MAX_SIZE, u32],
  groMaxSize: [IFLA.GRO_MAX_SIZE, u32],
  tsoMaxSize: [IFLA.TSO_MAX_SIZE, u32],
  tsoMaxSegs: [IFLA.TSO_MAX_SEGS, u32],
  carrier: [IFLA.CARRIER, u8],
  carrierChanges: [IFLA.CARRIER_CHANGES, u32],
  carrierUpCount: [IFLA.CARRIER_UP_COUNT, u32],
  carrierDownCount: [IFLA.CARRIER_DOWN_COUNT, u32],
  protoDown: [IFLA.PROTO_DOWN, u8],
  map: [IFLA.MAP, ifmap],
  stats64: [IFLA.STATS64, stats64],
  /** `struct rtnl_link_stats`: the same counters in 32 bits. */
  stats: [IFLA.STATS, bytes],
  xdp: [IFLA.XDP, xdp],
  /** Further names (`ip link property add`). */
  propList: [IFLA.PROP_LIST, list(IFLA.ALT_IFNAME, cstring)],
  altIfname: [IFLA.ALT_IFNAME, cstring],
  permAddress: [IFLA.PERM_ADDRESS, mac],
  numVf: [IFLA.NUM_VF, u32],
  physPortName: [IFLA.PHYS_PORT_NAME, cstring],
  parentDevName: [IFLA.PARENT_DEV_NAME, cstring],
  parentDevBusName: [IFLA.PARENT_DEV_BUS_NAME, cstring],
  event: [IFLA.EVENT, u32],
  /** RTEXT_FILTER_*: what an answer should have or leave out. */
  extMask: [IFLA.EXT_MASK, u32],
  // Where to: a namespace by a process in it, by descriptor, or by the ID it has here.
  netNsPid: [IFLA.NET_NS_PID, u32],
  netNsFd: [IFLA.NET_NS_FD, u32],
  targetNetnsId: [IFLA.IF_NETNSID, s32],
  newNetnsId: [IFLA.NEW_NETNSID, s32],
  newIfindex: [IFLA.NEW_IFINDEX, s32],
});
