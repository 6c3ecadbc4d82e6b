import { expect } from "bun:test";
import type { JsonObject } from "../../src/cni/types.ts";
import { makeChain } from "../support/chain.ts";
import { makeSandbox } from "../support/netns.ts";
import { testUnless } from "../support/skip.ts";
import { ping } from "../support/traffic.ts";
import { DEVICE, lack, makeOverlayLab, type OverlayHost, peerOf, tellOf, underlay4 } from "./lab.ts";

/** Configs and peers that contradict the host they come to: they are refused, and harm nobody else. */

const network = (host: OverlayHost, name: string, keys: JsonObject) =>
  makeChain({ name, host: host.place, cniVersion: "1.1.0", plugins: [{ ...host.plugin, ...keys }] });

const routesOf = (host: OverlayHost): Promise<string> => host.place.exec("ip", "route", "show", "proto", "157");

testUnless(
  lack,
  "DEL and GC of a network that was refused its VNI leave the plain routes of the one that has it",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 2, keys: { directRouting: true } });
    const one = lab.host(1);
    await one.attach("a");
    const whole = await routesOf(one);
    expect(whole).toContain("dev eth0 metric 42");
    const red = network(one, "red", { bridge: "red0" });
    await using sandbox = await makeSandbox();
    const at = { containerId: "x", netns: sandbox.path };
    await expect(red.add(at)).rejects.toThrow("is not this network's");
    await red.del(at);
    expect(await routesOf(one)).toBe(whole);
    await red.gc([]);
    expect(await routesOf(one)).toBe(whole);
    // A network's own go with its last container all the same.
    await one.chain.gc([]);
    expect(await routesOf(one)).toBe("");
  },
  30_000,
);

testUnless(
  lack,
  "hosts that cannot be are reported, and the others are connected",
  async () => {
    for (const directRouting of [false, true]) {
      await using lab = await makeOverlayLab({ underlay: 4, hosts: 2, keys: { directRouting } });
      const [one, two] = [lab.host(1), lab.host(2)];
      const b = await two.attach("b");
      await one.place.exec("ip", "addr", "add", `${underlay4(101)}/24`, "dev", "eth0");
      const odd: Record<string, [JsonObject, RegExp]> = {
        itself: [
          { address: underlay4(101), subnets: ["10.90.0.0/24"] },
          /address 192\.0\.2\.101 is taken by this host/,
        ],
        everybody: [
          { address: underlay4(255), subnets: ["10.91.0.0/24"] },
          /192\.0\.2\.255 is taken by broadcasts on "eth0"/,
        ],
        // Its address would have made host 2's subnet one with a VTEP in it.
        aside: [
          { address: "10.244.2.5", subnets: ["10.92.0.0/24"] },
          /address 10\.244\.2\.5 is in 10\.244\.2\.0\/24 of /,
        ],
        twice: [
          { address: underlay4(50), subnets: ["10.93.0.0/25", "10.93.0.0/24"] },
          /overlaps 10\.93\.0\.0\/25 of the same/,
        ],
        inside: [
          { address: "198.51.100.7", subnets: ["198.51.100.0/24"] },
          /the host's own address 198\.51\.100\.7 in it/,
        ],
      };
      for (const [name, [peer]] of Object.entries(odd)) await tellOf(one.peersDir, `z-${name}`, peer);
      const a = await one.attach("a");
      const ran = await one.overlay("sync");
      expect(ran.code).toBe(1);
      for (const [name, [, says]] of Object.entries(odd)) {
        expect(ran.stderr).toMatch(new RegExp(`z-${name}\\.json: `));
        expect(ran.stderr).toMatch(says);
      }
      await two.sync();
      expect(await ping(a.sandbox, b.v4)).toBe(true);
      expect((await routesOf(one)).trim().split("\n").length).toBe(1);
    }
  },
  60_000,
);

testUnless(
  lack,
  "a gateway that the kernel refuses is one host's problem",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 2, keys: { directRouting: true } });
    const [one, two] = [lab.host(1), lab.host(2)];
    const b = await two.attach("b");
    // Broadcast by a route of its own, which no address tells of.
    await one.place.exec("ip", "route", "add", "broadcast", underlay4(77), "dev", "eth0", "table", "local");
    await tellOf(one.peersDir, "a-odd", peerOf(9, 4, { address: underlay4(77), subnets: ["10.94.0.0/24"] }));
    const a = await one.attach("a");
    const ran = await one.overlay("sync");
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 1, stdout: expect.stringContaining("2 peers") });
    expect(ran.stderr).toMatch(/not used: .*a-odd\.json: .*10\.94\.0\.0\/24/);
    await two.sync();
    expect(await ping(a.sandbox, b.v4)).toBe(true);
  },
  30_000,
);

testUnless(
  lack,
  "a subnet of this host with its underlay's address in it is refused before anything is made",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 1 });
    const one = lab.host(1);
    const blue = network(one, "blue", { peersDir: "", subnets: ["192.0.2.0/24"] });
    await using sandbox = await makeSandbox();
    const before = await one.place.exec("ip", "addr");
    await expect(blue.add({ containerId: "x", netns: sandbox.path })).rejects.toThrow(
      "this host's subnet 192.0.2.0/24 has the underlay address 192.0.2.1",
    );
    await expect(blue.status()).rejects.toThrow("has the underlay address");
    expect(await one.place.exec("ip", "addr")).toBe(before);
  },
);

testUnless(
  lack,
  "a host that takes smaller packets is sent smaller ones: its mtu is the route's",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 2 });
    const [one, two] = [lab.host(1), lab.host(2)];
    // Host 1 believes in jumbo frames; what lies behind drops them without a word.
    await one.place.exec("ip", "link", "set", "eth0", "mtu", "9000");
    const [a, b] = [await one.attach("a"), await two.attach("b")];
    const big = (address: string): Promise<boolean> =>
      a.sandbox.exec("ping", "-c", "3", "-i", "0.2", "-W", "1", "-M", "want", "-s", "3000", address).then(
        () => true,
        () => false,
      );
    expect(await big(b.v4)).toBe(false);
    await tellOf(one.peersDir, "host2", peerOf(2, 4, { mtu: 1450 }));
    expect((await one.sync()).join("\n")).toMatch(/~ route 10\.244\.2\.0\/24 via 10\.244\.2\.0 mtu 1450/);
    for (const address of [b.v4, b.v6]) {
      await big(address); // the first is answered with what fits
      expect(await big(address)).toBe(true);
    }
    expect(await one.json("ip", "-j", "route", "show", "10.244.2.0/24")).toMatchObject([{ metrics: [{ mtu: 1450 }] }]);
    expect(await one.overlay("ping")).toMatchObject({ code: 0, stdout: expect.stringMatching(/ms +1450$/m) });
    expect(await one.sync()).toEqual(["network blue, 1 peer: nothing to change"]);
    await one.chain.check(a.at);
    await one.place.exec(
      "ip",
      "route",
      "replace",
      "10.244.2.0/24",
      "via",
      "10.244.2.0",
      "dev",
      DEVICE,
      "onlink",
      "proto",
      "157",
    );
    await expect(one.chain.check(a.at)).rejects.toThrow("mtu 1450");
    // Its own entry tells a host the same.
    await tellOf(two.peersDir, "host2", peerOf(2, 4, { mtu: 1400 }));
    await two.sync();
    expect(await two.json("ip", "-j", "link", "show", "dev", DEVICE)).toMatchObject([{ mtu: 1400 }]);
  },
  60_000,
);
