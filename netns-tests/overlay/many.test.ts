import { expect } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { splitMessages } from "../../src/netlink/wire/index.ts";
import { run } from "../support/run.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { TSNET } from "../tsnet/tsnet.ts";
import { DEVICE, lack, makeOverlayLab, tellOf } from "./lab.ts";

const PEERS = 500;

const RTM = { NEWNEIGH: 28, NEWROUTE: 24, ASKS: 2 } as const;
const NFT = 10 << 8;
/** NFT_MSG_GET…, linux/netfilter/nf_tables.h, as far as anybody asks here. */
const NFT_ASKS = [1, 4, 7, 10, 13, 16];

/** Types of the netlink messages in each sendmsg(2) that changes something, by strace's word. */
function writesOf(trace: string): number[][] {
  return [...trace.matchAll(/iov_base="((?:\\x[0-9a-f]{2})*)"/g)]
    .map(([, text = ""]) => [...splitMessages(Uint8Array.fromHex(text.replaceAll("\\x", "")))].map(({ type }) => type))
    .filter((types) =>
      types.some((type) => (type >= NFT ? !NFT_ASKS.includes(type - NFT) && type > 0x20 : type % 4 !== RTM.ASKS)),
    );
}

testUnless(
  lack ?? lacksCommand("strace"),
  `${PEERS} peers: sync takes under a second and one batch, a second one changes nothing`,
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 1 });
    const one = lab.host(1);
    await mkdir(one.peersDir, { recursive: true });
    for (let i = 0; i < PEERS; i++)
      await tellOf(one.peersDir, `many${i}`, {
        address: `198.51.${100 + (i >> 8)}.${i & 255}`,
        subnets: [`10.${100 + (i >> 8)}.${i & 255}.0/24`, `fd01:${i.toString(16)}::/64`],
      });
    await one.attach("first");
    await one.place.exec("ip", "link", "del", DEVICE);

    const start = performance.now();
    const said = await one.sync();
    const tookMs = performance.now() - start;
    expect(said[0]).toBe(`network blue, ${PEERS} peers: ${5 * PEERS + 1} changes`);
    expect(tookMs).toBeLessThan(1000);
    expect((await one.json("bridge", "-j", "fdb", "show", "dev", DEVICE)).length).toBe(PEERS);
    expect((await one.json("ip", "-j", "neigh", "show", "dev", DEVICE, "nud", "permanent")).length).toBe(2 * PEERS);
    expect((await one.json("ip", "-j", "route", "show", "proto", "157")).length).toBe(PEERS);
    expect((await one.json("ip", "-j", "-6", "route", "show", "proto", "157")).length).toBe(PEERS);

    const again = performance.now();
    expect(await one.sync()).toEqual([`network blue, ${PEERS} peers: nothing to change`]);
    expect(performance.now() - again).toBeLessThan(1000);

    // Entries of all tables at once are one message to the kernel; and none where there is nothing to do.
    const trace = join(one.peersDir, "../trace");
    const strace = ["strace", "-qq", "-f", "-xx", "-s", "4194304", "-e", "trace=sendmsg", "-o", trace];
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", NETCONFPATH: join(one.peersDir, "../net.d") };
    const traced = async (): Promise<number[][]> => {
      const ran = await run([...one.place.enter, ...strace, TSNET, "overlay", "sync"], { env, timeoutMs: 60_000 });
      expect(ran).toMatchObject({ code: 0 });
      return writesOf(await Bun.file(trace).text());
    };
    expect(await traced()).toEqual([]);
    await one.place.exec(
      "sh",
      "-c",
      `ip neigh flush dev ${DEVICE} nud permanent; ip route flush proto 157; ip -6 route flush proto 157; for m in $(bridge fdb show dev ${DEVICE} | cut -d' ' -f1); do bridge fdb del $m dev ${DEVICE}; done`,
    );
    const writes = await traced();
    expect(writes.length).toBe(1);
    expect(writes[0]?.filter((type) => type === RTM.NEWNEIGH).length).toBe(3 * PEERS);
    expect(writes[0]?.filter((type) => type === RTM.NEWROUTE).length).toBe(2 * PEERS);
  },
  60_000,
);

testUnless(
  lack,
  `${PEERS} peers: ADD reads them all again, and forgets those that left`,
  async () => {
    await using lab = await makeOverlayLab({ underlay: 6, hosts: 1 });
    const one = lab.host(1);
    for (let i = 0; i < PEERS; i++)
      await tellOf(one.peersDir, `many${i}`, {
        address: `2001:db8:99::${i.toString(16)}`,
        subnets: [`10.${100 + (i >> 8)}.${i & 255}.0/24`],
      });
    const start = performance.now();
    const a = await one.attach("a");
    expect(performance.now() - start).toBeLessThan(3000);
    await one.chain.check(a.at);
    await one.place.exec("sh", "-c", `rm ${one.peersDir}/many1*`);
    await one.attach("b");
    const left = PEERS - 111;
    expect((await one.json("bridge", "-j", "fdb", "show", "dev", DEVICE)).length).toBe(left);
    const set = JSON.parse(await one.place.exec("nft", "-j", "list", "ruleset")) as {
      nftables: { set?: { name: string; elem?: unknown[] } }[];
    };
    const exempt = set.nftables.find(({ set: each }) => each?.name.startsWith("overlay4-"))?.set;
    expect(exempt?.elem?.length).toBeLessThan(left);
    expect(exempt?.elem?.length).toBeGreaterThan(2);
  },
  30_000,
);
