import { expect } from "bun:test";
import { join } from "node:path";
import { makeSandbox } from "../support/netns.ts";
import { testUnless } from "../support/skip.ts";
import { ping, serveAll, tcpEcho } from "../support/traffic.ts";
import { DEVICE, lack, makeOverlayLab } from "./lab.ts";

testUnless(
  lack,
  "tsnet repair puts back device, entries and masquerading of a container that still stands",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 2 });
    const [one, two] = [lab.host(1), lab.host(2)];
    const b = await two.attach("b");
    await using pod = await makeSandbox();
    const cache = ["--cache-dir", join(one.peersDir, "../cache")];
    expect(await one.tsnet("cni", "add", "blue", pod.path, ...cache)).toMatchObject({ code: 0 });
    await using _outside = await serveAll(lab.outside, 7001);
    const works = async (): Promise<void> => {
      expect(await ping(pod, b.v4)).toBe(true);
      expect((await tcpEcho(pod, lab.outsideAddresses[0], 7001)).address).toBe(one.address);
    };
    await works();
    expect((await one.tsnet("repair", ...cache)).stdout).toContain("1 whole");

    await one.place.exec("sh", "-ec", `nft flush ruleset; ip link del ${DEVICE}`);
    const dry = await one.tsnet("repair", "--dry-run", ...cache);
    expect(dry.stdout).toContain(`missing: the overlay of network blue: the overlay's link "${DEVICE}" is missing`);
    expect(await one.json("ip", "-j", "link", "show", "type", "vxlan")).toEqual([]);
    const ran = await one.tsnet("repair", ...cache);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toContain("1 repaired");
    await works();
    expect((await one.tsnet("repair", ...cache)).stdout).toContain("1 whole");
    expect(await one.tsnet("cni", "check", "blue", pod.path, ...cache)).toMatchObject({ code: 0 });

    // One that is gone is not brought back.
    await pod.exec("ip", "link", "del", "eth0");
    await one.place.exec("ip", "link", "del", DEVICE);
    expect((await one.tsnet("repair", ...cache)).stdout).toContain("1 gone");
    expect(await one.json("ip", "-j", "link", "show", "type", "vxlan")).toEqual([]);
  },
);
