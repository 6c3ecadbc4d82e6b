/** Codec throughput: `scripts/bun bench/codec.ts`. Prints one line per measure: nanoseconds per message, the best of several rounds. */
import {
  attrs,
  be16,
  bytes,
  cstring,
  flag,
  ip,
  ipv4,
  mac,
  message,
  splitMessages,
  struct,
  tagged,
  u8,
  u16,
  u32,
  u64,
} from "../src/netlink/wire/index.ts";

const ROUNDS = 30;

/** A link message as the kernel lists it: 25 attributes, one nest two deep. Numbers: linux/if_link.h. */
const link = message(
  [16, "RTM_NEWLINK"],
  struct({ family: u8, pad: u8, type: u16, index: u32, flags: u32, change: u32 }),
  attrs({
    name: [3, cstring],
    txQueueLen: [13, u32],
    operState: [16, u8],
    linkMode: [17, u8],
    mtu: [4, u32],
    minMtu: [50, u32],
    maxMtu: [51, u32],
    group: [27, u32],
    promiscuity: [30, u32],
    numTxQueues: [31, u32],
    gsoMaxSegs: [40, u32],
    gsoMaxSize: [41, u32],
    numRxQueues: [32, u32],
    carrier: [33, u8],
    qdisc: [6, cstring],
    carrierChanges: [35, u32],
    protoDown: [39, u8],
    map: [14, struct({ memStart: u64, memEnd: u64, baseAddr: u64, irq: u16, dma: u8, port: u8, hole: u32 })],
    address: [1, mac],
    broadcast: [2, mac],
    stats: [7, bytes],
    linkInfo: [
      18,
      tagged(
        { kind: 1, data: 2 },
        { vxlan: attrs({ vni: [1, u32], local: [4, ipv4], port: [15, be16], ageing: [8, u32], gbp: [25, flag] }) },
      ),
    ],
  }),
);

const route = message(
  [24, "RTM_NEWROUTE"],
  struct({ family: u8, dstLen: u8, srcLen: u8, tos: u8, table: u8, protocol: u8, scope: u8, type: u8, flags: u32 }),
  attrs({ table: [15, u32], dst: [1, ip], priority: [6, u32], gateway: [5, ip], oif: [4, u32] }),
);

const linkValue = {
  header: { type: 1, index: 7, flags: 0x11043 },
  attrs: {
    name: "veth0123456789",
    txQueueLen: 1000,
    operState: 6,
    linkMode: 0,
    mtu: 1500,
    minMtu: 68,
    maxMtu: 65535,
    group: 0,
    promiscuity: 0,
    numTxQueues: 2,
    gsoMaxSegs: 65535,
    gsoMaxSize: 65536,
    numRxQueues: 2,
    carrier: 1,
    qdisc: "noqueue",
    carrierChanges: 2,
    protoDown: 0,
    map: {},
    address: "02:00:00:00:00:01",
    broadcast: "ff:ff:ff:ff:ff:ff",
    stats: new Uint8Array(96),
    linkInfo: { kind: "vxlan", data: { vni: 7, local: "10.0.0.1", port: 4789, ageing: 300, gbp: true } },
  },
} as const;

const routeValue = (i: number) => ({
  header: { family: 2, dstLen: 32, table: 254, protocol: 3, type: 1 },
  attrs: { table: 254, dst: `10.${(i >> 8) & 255}.${i & 255}.0`, gateway: "10.0.0.1", oif: 2 },
});

function measure(name: string, messages: number, work: () => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = Bun.nanoseconds();
    work();
    best = Math.min(best, Bun.nanoseconds() - start);
  }
  console.log(`${name.padEnd(32)} ${(best / messages).toFixed(0).padStart(7)} ns`);
}

const REPEAT = 2_000;
const ROUTES = 10_000;
const linkBytes = link.encode(linkValue);
const values = Array.from({ length: ROUTES }, (_, i) => routeValue(i));
const dump = Buffer.concat(values.map((value) => route.encode(value)));

measure("link: decode", REPEAT, () => {
  for (let i = 0; i < REPEAT; i++) link.decode(linkBytes);
});
measure("link: encode", REPEAT, () => {
  for (let i = 0; i < REPEAT; i++) link.encode(linkValue);
});
measure("10,000 routes: split and decode", ROUTES, () => {
  for (const raw of splitMessages(dump)) route.decode(raw.bytes);
});
measure("10,000 routes: encode", ROUTES, () => {
  for (const value of values) route.encode(value);
});
