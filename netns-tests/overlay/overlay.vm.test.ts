import { expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { serveAll, tcpEcho } from "../support/traffic.ts";
import { lack, makeOverlayLab } from "./lab.ts";

const LATE = { timeoutMs: 30_000 };

testUnless(
  lack,
  "two hosts on Debian's stock kernel: containers reach each other as themselves, and nothing stays behind",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 2 });
    const [one, two] = [lab.host(1), lab.host(2)];
    const [a, b] = [await one.attach("a"), await two.attach("b")];
    await using _inside = await serveAll(b.sandbox, 7000);
    await using _outside = await serveAll(lab.outside, 7001);
    for (const [own, address] of [
      [a.v4, b.v4],
      [a.v6, b.v6],
    ] as const)
      expect((await tcpEcho(a.sandbox, address, 7000, LATE)).address).toBe(own);
    expect((await tcpEcho(a.sandbox, lab.outsideAddresses[0], 7001, LATE)).address).toBe(one.address);
    await one.chain.check(a.at);
    await one.chain.del(a.at);
    expect(await one.json("ip", "-j", "link", "show", "type", "vxlan")).toEqual([]);
    expect(await one.place.exec("nft", "list", "ruleset")).not.toMatch(/overlay4-|net-/);
  },
);
