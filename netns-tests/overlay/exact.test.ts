import { expect } from "bun:test";
import { makeNetns } from "../support/netns.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { attributesOf, scriptOf } from "./by-hand.ts";
import { DEVICE, lack, makeOverlayLab, VNI } from "./lab.ts";

/** What ours makes is, attribute for attribute, what a hand with iproute2 makes. */

for (const underlay of [4, 6] as const)
  testUnless(
    lack ?? lacksCommand("ethtool"),
    `over IPv${underlay}: device, addresses, entries, routes and offloads equal those made by hand`,
    async () => {
      await using lab = await makeOverlayLab({ underlay });
      for (const host of lab.hosts) await host.sync();
      const [one] = lab.hosts;
      if (!one) return;
      const macs = await Promise.all(
        lab.hosts.map(async (host) => (await host.json("ip", "-j", "link", "show", "dev", DEVICE))[0]?.["address"]),
      );
      const ours = await attributesOf(one.place, DEVICE);

      await using twin = await makeNetns();
      await twin.exec("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "far0");
      const prefix = underlay === 4 ? 24 : 64;
      await twin.exec(
        "sh",
        "-ec",
        `ip addr add ${one.address}/${prefix} dev eth0; ip link set eth0 up; ip link set far0 up`,
      );
      const script = scriptOf({
        device: DEVICE,
        vni: VNI,
        local: one.address,
        mac: String(macs[0]),
        mtu: underlay === 4 ? 1450 : 1430,
        inner: ["10.244.1.0/32", "fd00:244:1::/128"],
        peers: [2, 3].map((n) => ({
          address: lab.host(n).address,
          mac: String(macs[n - 1]),
          subnets: [`10.244.${n}.0/24`, `fd00:244:${n}::/64`],
        })),
      });
      await twin.exec("sh", "-ec", script);
      const theirs = await attributesOf(twin, DEVICE);
      expect(ours).toEqual(theirs);
      // That something was compared.
      expect((ours["fdb"] as unknown[]).length).toBe(2);
      expect((ours["neigh"] as unknown[]).length).toBe(4);
      expect((ours["offloads"] as unknown[]).length).toBeGreaterThan(30);

      // And that a difference would show.
      await twin.exec("ethtool", "-K", DEVICE, "tx-checksum-ip-generic", "off");
      await twin.exec("bridge", "fdb", "replace", String(macs[1]), "dev", DEVICE, "dst", lab.host(3).address);
      const other = await attributesOf(twin, DEVICE);
      expect([other["offloads"], other["fdb"]]).not.toContainEqual(ours["offloads"]);
      expect(other["fdb"]).not.toEqual(ours["fdb"]);
    },
    30_000,
  );
