import { expect } from "bun:test";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { networkHash } from "../../src/plugin/owner.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { ping } from "../support/traffic.ts";
import {
  DEVICE,
  lack,
  makeOverlayLab,
  NETWORK,
  type OverlayHost,
  peerOf,
  subnetsOf,
  tellOf,
  underlay4,
} from "./lab.ts";

/** Hosts come, go and come back otherwise; peer files are not always what they should be. */

/** Everything in a host's tables that speaks of the overlay, as iproute2 sees it. */
async function tables(host: OverlayHost): Promise<string> {
  const text = [
    await host.place.exec("bridge", "fdb", "show", "dev", DEVICE),
    await host.place.exec("ip", "neigh", "show", "dev", DEVICE, "nud", "permanent"),
    await host.place.exec("ip", "route", "show", "proto", "157"),
    await host.place.exec("ip", "-6", "route", "show", "proto", "157"),
  ];
  return text.flatMap((part) => part.trimEnd().split("\n").sort()).join("\n");
}

const macOf = async (host: OverlayHost): Promise<string> =>
  (await host.json<{ address: string }>("ip", "-j", "link", "show", "dev", DEVICE))[0]?.address ?? "";

testUnless(
  lack,
  "a host that leaves is forgotten by the next sync, and one that comes back is reached again",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4 });
    const [one, two, three] = [lab.host(1), lab.host(2), lab.host(3)];
    const [a, b, c] = [await one.attach("a"), await two.attach("b"), await three.attach("c")];
    for (const host of lab.hosts) await host.sync();
    for (const to of [b, c]) expect(await ping(a.sandbox, to.v4)).toBe(true);
    const whole = await tables(one);

    await rm(join(one.peersDir, "host3.json"));
    const said = await one.sync();
    expect(said[0]).toBe("network blue, 1 peer: 6 changes");
    expect(said.slice(1, 6).map((line) => line.trim().split(" ").slice(0, 2).join(" "))).toEqual([
      "- route",
      "- route",
      "- neigh",
      "- neigh",
      "- fdb",
    ]);
    const left = await tables(one);
    for (const trace of [underlay4(3), "10.244.3.0", "fd00:244:3:", await macOf(three)])
      expect(left).not.toContain(trace);
    expect(await ping(a.sandbox, c.v4, 600)).toBe(false);
    expect(await ping(a.sandbox, b.v6)).toBe(true);

    await tellOf(one.peersDir, "host3", peerOf(3, 4));
    await one.sync();
    expect(await tables(one)).toBe(whole);
    expect(await ping(a.sandbox, c.v4)).toBe(true);
    expect(await one.sync()).toEqual(["network blue, 2 peers: nothing to change"]);
  },
  30_000,
);

testUnless(
  lack,
  "a host that comes back with another VTEP MAC, or another address, is reached after sync",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4 });
    const [one, two, three] = [lab.host(1), lab.host(2), lab.host(3)];
    const [a, b, c] = [await one.attach("a"), await two.attach("b"), await three.attach("c")];
    const files = Object.fromEntries(lab.hosts.map(({ name, number }) => [name, peerOf(number, 4)]));
    const both = async (): Promise<boolean[]> =>
      Promise.all([a, b].flatMap(({ sandbox }) => [ping(sandbox, c.v4), ping(sandbox, c.v6)]));
    await lab.tell(files);
    expect(await both()).toEqual([true, true, true, true]);

    await lab.tell({ ...files, host3: peerOf(3, 4, { mac: "02:00:00:00:00:33" }) });
    expect(await macOf(three)).toBe("02:00:00:00:00:33");
    expect(await tables(one)).toContain("02:00:00:00:00:33");
    expect(await both()).toEqual([true, true, true, true]);
    expect(await ping(c.sandbox, a.v4)).toBe(true);

    // Another address, and with it, by the rule, another MAC; the same containers behind it.
    await three.place.exec("ip", "addr", "add", `${underlay4(33)}/24`, "dev", "eth0");
    await three.place.exec("ip", "addr", "del", `${underlay4(3)}/24`, "dev", "eth0");
    await three.place.exec("ip", "addr", "add", `${underlay4(33)}/24`, "dev", "eth0").catch(() => undefined);
    await three.place.exec("ip", "route", "replace", "default", "via", underlay4(254));
    await lab.tell({ ...files, host3: { address: underlay4(33), subnets: subnetsOf(3) } });
    expect(await tables(one)).not.toContain(` ${underlay4(3)} `);
    expect(await tables(two)).toContain(underlay4(33));
    expect(await both()).toEqual([true, true, true, true]);
    expect(await ping(c.sandbox, b.v6)).toBe(true);
  },
  30_000,
);

testUnless(
  lack,
  "a peer file that is garbage is reported, the others work, and nobody is forgotten because of it",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4 });
    const [one, two, three] = [lab.host(1), lab.host(2), lab.host(3)];
    const [b, c] = [await two.attach("b"), await three.attach("c")];
    for (const host of [two, three]) await host.sync();
    const garbage: Record<string, [text: unknown, says: RegExp]> = {
      "not-json": ["{ address: ", /not-json\.json: cannot decode the peer file: not JSON/],
      empty: ["", /empty\.json: cannot decode the peer file: it is empty/],
      list: ["[]", /list\.json: cannot decode the peer file: need an object, have a list/],
      deep: ["[".repeat(20_000), /deep\.json: cannot decode the peer file: nested deeper/],
      large: [" ".repeat(70_000), /large\.json: .*EFBIG/],
      nowhere: [{ subnets: ["10.9.0.0/24"] }, /nowhere\.json: key "address": need .*, have nothing/],
      loop: [peerOf(9, 4, { address: "127.0.0.1" }), /loop\.json: key "address": .*127\.0\.0\.1 is loopback/],
      greedy: [peerOf(9, 4, { subnets: ["0.0.0.0/0"] }), /greedy\.json: key "subnets\[0\]": .*every address there is/],
      thief: [
        peerOf(9, 4, { address: underlay4(9), subnets: ["10.244.1.128/25"] }),
        /thief\.json: subnet .* overlaps 10\.244\.1\.0\/24 of this host/,
      ],
      rival: [
        peerOf(9, 4, { address: underlay4(8), subnets: ["10.244.2.0/24"] }),
        /rival\.json: subnet .* overlaps .* of \S+host2\.json/,
      ],
      swallower: [
        peerOf(9, 4, { subnets: ["192.0.0.0/16"] }),
        /swallower\.json: subnet 192\.0\.0\.0\/16 has the underlay address/,
      ],
      other: [peerOf(9, 4, { address: "2001:db8:18::9" }), /other\.json: 2001:db8:18::9 is of another family/],
      twin: [peerOf(9, 4, { address: underlay4(2) }), /twin\.json: address .* is taken by \S+host2\.json/],
      multicast: [peerOf(9, 4, { mac: "03:00:00:00:00:01" }), /multicast\.json: key "mac"/],
    };
    for (const [name, [text]] of Object.entries(garbage)) await tellOf(one.peersDir, name, text);
    await lab.host(1).place.exec("mkfifo", join(one.peersDir, "fifo.json"));
    await one.place.exec("ln", "-s", "/nowhere", join(one.peersDir, "dangling.json"));

    // ADD goes on and says what is wrong.
    const a = await one.attach("a");
    const ran = await one.overlay("sync");
    expect(ran.code).toBe(1);
    for (const [, says] of Object.values(garbage)) expect(ran.stderr).toMatch(says);
    expect(ran.stderr).toMatch(/fifo\.json/);
    expect(ran.stderr).not.toMatch(/^ {4}at /m);
    for (const to of [b, c]) expect(await ping(a.sandbox, to.v4)).toBe(true);
    const shown = await one.overlay("show");
    expect(shown.code).toBe(1);
    expect(shown.stdout).toContain("not used: ");

    // A host that is not among the readable files may be the one that cannot be read.
    await rm(join(one.peersDir, "host3.json"));
    await one.overlay("sync");
    expect(await ping(a.sandbox, c.v4)).toBe(true);
    for (const name of [...Object.keys(garbage), "fifo", "dangling"]) await rm(join(one.peersDir, `${name}.json`));
    await one.sync();
    expect(await tables(one)).not.toContain("10.244.3.0");
  },
  30_000,
);

testUnless(
  lack,
  "what somebody took from the tables, or the whole device, is back after sync and after ADD",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4, hosts: 2 });
    const [one, two] = [lab.host(1), lab.host(2)];
    const [a, b] = [await one.attach("a"), await two.attach("b")];
    await one.sync();
    await two.sync();
    const whole = await tables(one);
    const mac = await macOf(one);
    const breaks: readonly string[][] = [
      ["ip", "link", "set", DEVICE, "down"],
      ["ip", "link", "set", DEVICE, "address", "02:00:00:00:00:99"],
      ["ip", "link", "set", DEVICE, "mtu", "1300"],
      ["ip", "link", "set", DEVICE, "type", "vxlan", "id", "42", "dev", "eth0", "local", "192.0.2.9", "learning"],
      ["ip", "link", "del", DEVICE],
      ["ip", "neigh", "flush", "dev", DEVICE, "nud", "permanent"],
      ["ip", "route", "flush", "proto", "157"],
      ["bridge", "fdb", "del", await macOf(two), "dev", DEVICE],
      ["bridge", "fdb", "replace", await macOf(two), "dev", DEVICE, "dst", "192.0.2.77"],
      ["bridge", "fdb", "add", "02:00:00:00:00:98", "dev", DEVICE, "dst", "192.0.2.98"],
      ["ip", "neigh", "add", "10.244.9.0", "lladdr", "02:00:00:00:00:98", "dev", DEVICE],
      ["ip", "route", "add", "10.244.9.0/24", "via", "10.244.9.0", "dev", DEVICE, "onlink", "proto", "157"],
    ];
    for (const [i, command] of breaks.entries()) {
      await one.place.exec(...command);
      expect((await one.overlay("show")).code).toBe(1);
      if (i % 2) await one.attach(`again${i}`);
      else await one.sync();
      expect({ command, tables: await tables(one), mac: await macOf(one) }).toEqual({ command, tables: whole, mac });
      expect((await one.overlay("show")).stdout).toContain("kernel and config agree");
      expect(await ping(a.sandbox, b.v4)).toBe(true);
    }
    // What is not ours stays.
    await one.place.exec("ip", "route", "add", "10.7.0.0/16", "dev", DEVICE);
    await one.place.exec("ip", "route", "add", "10.8.0.0/16", "via", underlay4(254), "proto", "157");
    expect(await one.sync()).toEqual(["network blue, 1 peer: nothing to change"]);
  },
  60_000,
);

testUnless(
  lack,
  "the route of somebody else's is reported and left alone, and the other hosts are connected",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4 });
    const one = lab.host(1);
    await one.place.exec("ip", "route", "add", "10.244.2.0/24", "via", underlay4(254));
    const a = await one.attach("a");
    const c = await lab.host(3).attach("c");
    const ran = await one.overlay("sync");
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.stderr).toContain("the route to 10.244.2.0/24");
    expect(await one.place.exec("ip", "route", "show", "10.244.2.0/24")).toContain(`via ${underlay4(254)}`);
    expect(await ping(a.sandbox, c.v4)).toBe(true);
  },
  30_000,
);

/** The lock of the host's network, taken by another process until it is let go. */
async function holdLock(host: OverlayHost): Promise<AsyncDisposable> {
  const inode = (await host.place.exec("stat", "-L", "-c", "%i", host.place.path)).trim();
  // Numbers of namespaces are given again, and locks stay.
  const name = (await readdir("/run/tsnet")).find(
    (each) => each.startsWith("overlay-") && each.endsWith(`-${inode}-${networkHash(NETWORK)}.lock`),
  );
  const script = 'exec 9>"$1"; flock 9; echo held; read -r rest';
  const child = Bun.spawn(["sh", "-c", script, "sh", join("/run/tsnet", name ?? "none")], {
    stdin: "pipe",
    stdout: "pipe",
  });
  await child.stdout.getReader().read();
  return {
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

testUnless(
  lack ?? lacksCommand("flock"),
  "an ADD that had to wait for another change takes the peers as they are then",
  async () => {
    await using lab = await makeOverlayLab({ underlay: 4 });
    const one = lab.host(1);
    await one.attach("a");
    let late: Promise<unknown>;
    {
      await using _lock = await holdLock(one);
      late = one.attach("late");
      const attached = async (): Promise<boolean> =>
        (await one.json("ip", "-j", "link", "show", "type", "veth", "master", "br-ov42")).length === 2;
      for (const deadline = Date.now() + 10_000; !(await attached()) && Date.now() < deadline; ) await Bun.sleep(10);
      await rm(join(one.peersDir, "host3.json"));
      await tellOf(one.peersDir, "host4", peerOf(4, 4));
    }
    await late;
    expect(await tables(one)).toContain(underlay4(4));
    expect(await tables(one)).not.toContain("10.244.3.0");
  },
  30_000,
);
