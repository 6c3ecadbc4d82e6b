import { expect } from "bun:test";
import { loadNative } from "../../native/load.ts";
import { openKernel } from "../../src/kernel/open.ts";
import { makeNetns, type Netns } from "../support/netns.ts";
import { must } from "../support/run.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";

const lacks = [lacksRoot, lacksCommand("conntrack")];

/** Tracked flows as conntrack(8) writes and reads them. */
async function track(host: Netns, protocol: string, from: string, to: string, ports: readonly number[]): Promise<void> {
  const lines = ports.map(
    (port) => `-I -p ${protocol} -s ${from} -d ${to} --sport ${1024 + (port % 60_000)} --dport ${port} -t 600`,
  );
  await must([...host.enter, "conntrack", "--load-file", "-"], { stdin: `${lines.join("\n")}\n` });
}

const count = async (host: Netns): Promise<number> =>
  (await host.exec("conntrack", "-L")).split("\n").filter((line) => line !== "").length;

testUnless(
  lacks,
  "flows are found by protocol, addresses and ports of both directions, and only those forgotten",
  async () => {
    await using host = await makeNetns();
    await using outside = openKernel(loadNative(), { waiting: "here" });
    await using kernel = await outside.enter(host.path);
    const { conntrack } = kernel;
    expect(await conntrack.list({ family: 4, protocol: 17 })).toEqual([]);
    expect(await conntrack.flush([{ family: 4, protocol: 17 }])).toBe(0);
    await track(host, "udp", "192.0.2.2", "192.0.2.1", [53, 54]);
    await track(host, "udp", "2001:db8::2", "2001:db8::1", [53, 54]);
    await track(host, "udp", "192.0.2.2", "192.0.2.9", [53]);
    await track(host, "sctp", "192.0.2.2", "192.0.2.1", [53]).catch(() => undefined);
    const dst = { 4: "192.0.2.1", 6: "2001:db8::1" } as const;
    for (const family of [4, 6] as const) {
      expect(await conntrack.list({ family, protocol: 17 })).toHaveLength(family === 4 ? 3 : 2);
      for (const filter of [
        { originalDst: dst[family], originalDstPort: 53 },
        { replySrc: dst[family], replySrcPort: 53 },
        { originalDst: dst[family], originalDstPort: 53, replySrc: dst[family], replySrcPort: 53 },
      ]) {
        const [flow, ...more] = await conntrack.list({ family, protocol: 17, ...filter });
        expect(more).toEqual([]);
        expect(flow).toMatchObject({ family, protocol: 17, original: { dst: dst[family], dstPort: 53 } });
      }
      expect(await conntrack.list({ family, protocol: 17, replySrcPort: 55 })).toEqual([]);
      expect(await conntrack.list({ family, protocol: 6, originalDstPort: 53 })).toEqual([]);
    }
    const before = await count(host);
    const filters = [4, 6].map((f) => ({
      family: f as 4 | 6,
      protocol: 17,
      originalDst: dst[f as 4 | 6],
      originalDstPort: 53,
    }));
    expect(await conntrack.flush(filters, (flow) => flow.family === 6)).toBe(1);
    expect(await conntrack.flush(filters)).toBe(1);
    expect(await conntrack.flush(filters)).toBe(0);
    expect(await count(host)).toBe(before - 2);
  },
  30_000,
);

testUnless(
  lacks,
  "of thousands of flows the kernel lists only what may match",
  async () => {
    await using host = await makeNetns();
    await using outside = openKernel(loadNative(), { waiting: "here" });
    await using kernel = await outside.enter(host.path);
    const ports = Array.from({ length: 2_500 }, (_, i) => 10_000 + i);
    await track(host, "udp", "192.0.2.2", "192.0.2.1", ports);
    await track(host, "udp", "2001:db8::2", "2001:db8::1", [10_000]);
    const port = (n: number) => ({ family: 4 as const, protocol: 17, originalDstPort: n });
    expect(await kernel.conntrack.flush([port(10_001)])).toBe(1);
    expect(
      await kernel.conntrack.flush([port(10_002), port(10_003), { ...port(10_004), originalDst: "192.0.2.9" }]),
    ).toBe(2);
    expect(await kernel.conntrack.flush([{ ...port(10_000), family: 6 }])).toBe(1);
    expect(await count(host)).toBe(2_497);
  },
  60_000,
);
