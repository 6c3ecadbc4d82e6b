/** What a routed link carries, and what it does not. */
import { expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { ping, reaches, serveAll, tcpEcho, udpEcho } from "../support/traffic.ts";
import { lack, makeLab, static4and6 } from "./lab.ts";

interface SeenRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly scope?: string;
  readonly prefsrc?: string;
  readonly dev?: string;
  readonly flags?: readonly string[];
}

const routesIn = async (where: { exec(...command: string[]): Promise<string> }, ...args: string[]) =>
  JSON.parse(await where.exec("ip", "-j", ...args, "route")) as SeenRoute[];

testUnless(
  lack,
  "IPv6 works when ADD answers: nobody waits for duplicate-address detection, on neither end",
  async () => {
    await using lab = await makeLab();
    const network = lab.network();
    const one = await network.attach("one");
    await using _one = await serveAll(one.sandbox, 7);
    const two = await network.attach("two");
    const [, six = ""] = one.addresses;
    expect(await tcpEcho(two.sandbox, six, 7, { timeoutMs: 900 })).toMatchObject({ address: two.addresses[1] ?? "" });
    const text = await two.sandbox.exec("ip", "-6", "addr", "show", "dev", "eth0", "scope", "global");
    expect(text).not.toContain("tentative");
  },
);

testUnless(lack, "a container's neighbours are behind the gateway: its own prefix is not on the link", async () => {
  await using lab = await makeLab();
  const one = await lab.network().attach("one");
  const [four = "", six = ""] = one.addresses;
  expect(await routesIn(one.sandbox, "-4")).toEqual([
    expect.objectContaining({ dst: "default", gateway: "10.77.0.1" }),
    expect.objectContaining({ dst: "10.77.0.0/24", gateway: "10.77.0.1", prefsrc: four }),
    expect.objectContaining({ dst: "10.77.0.1", scope: "link", prefsrc: four }),
  ]);
  const v6 = await routesIn(one.sandbox, "-6");
  expect(v6.find(({ dst }) => dst === "fd77::/64")).toMatchObject({ gateway: "fd77::1", prefsrc: six });
  expect(v6.find(({ dst }) => dst === "fd77::1")?.gateway).toBeUndefined();
  const [end] = (await routesIn(lab.host, "-4")).filter(({ dst }) => dst === four);
  expect(end).toMatchObject({ scope: "host", dev: one.result.interfaces?.[0]?.name ?? "" });
});

testUnless(lack, "masquerading: the outside sees the host, containers and the host see each other", async () => {
  await using lab = await makeLab();
  const network = lab.network({ ipMasq: true });
  const [one, two] = [await network.attach("one"), await network.attach("two")];
  await using _outside = await serveAll(lab.outside, 7);
  await using _two = await serveAll(two.sandbox, 7);
  for (const [i, outside, host] of [
    [0, "192.0.2.2", "192.0.2.1"],
    [1, "2001:db8::2", "2001:db8::1"],
  ] as const) {
    expect(await tcpEcho(one.sandbox, outside, 7)).toMatchObject({ address: host });
    expect(await udpEcho(one.sandbox, outside, 7)).toMatchObject({ address: host });
    expect(await tcpEcho(one.sandbox, two.addresses[i] ?? "", 7)).toMatchObject({ address: one.addresses[i] ?? "" });
  }
  await network.chain.del(one.at);
  await network.chain.del(two.at);
  expect(await lab.host.exec("nft", "list", "map", "inet", "tsnet", "masq4")).not.toContain("10.77.0.");
});

testUnless(lack, "without masquerading the outside, which knows no way back, is not reached", async () => {
  await using lab = await makeLab();
  const one = await lab.network().attach("one");
  await using _outside = await serveAll(lab.outside, 7);
  expect(await reaches(one.sandbox, "tcp", "192.0.2.2", 7)).toBe(false);
  await lab.outside.exec("ip", "route", "add", "10.77.0.0/24", "via", "192.0.2.1");
  expect(await tcpEcho(one.sandbox, "192.0.2.2", 7)).toMatchObject({ address: one.addresses[0] ?? "" });
});

testUnless(lack, "single addresses with a gateway of another prefix, as cloud networks give them", async () => {
  await using lab = await makeLab();
  const of = (n: number) =>
    lab.network(
      static4and6([
        { address: `203.0.113.${n}/32`, gateway: "169.254.1.1" },
        { address: `2001:db8:9::${n}/128`, gateway: "fe80::1" },
      ]),
    );
  const [one, two] = [await of(5).attach("one"), await of(6).attach("two")];
  await using _two = await serveAll(two.sandbox, 7);
  for (const i of [0, 1]) {
    expect(await tcpEcho(one.sandbox, two.addresses[i] ?? "", 7)).toMatchObject({ address: one.addresses[i] ?? "" });
    expect(await ping(lab.host, one.addresses[i] ?? "")).toBe(true);
  }
  expect(await ping(one.sandbox, "169.254.1.1")).toBe(true);
  await of(5).chain.check({ ...one.at, prevResult: JSON.parse(JSON.stringify(one.result)) });
});

testUnless(
  lack,
  "an address of the host itself, and an MTU that IPv6 does not fit in, are refused in words",
  async () => {
    await using lab = await makeLab();
    const namesOf = async (key: string, ...command: string[]): Promise<string[]> =>
      (JSON.parse(await lab.host.exec("ip", "-j", ...command)) as Record<string, string>[]).map(
        (each) => each[key] ?? "",
      );
    // What there is, but not its state, which the lab's own links are still on their way to.
    const all = async () => [await namesOf("ifname", "link"), await namesOf("dst", "route")];
    const before = await all();
    const refused: [object, RegExp][] = [
      [
        static4and6([{ address: "192.0.2.1/24", gateway: "192.0.2.9" }]),
        /"code": 11,[\s\S]*192\.0\.2\.1 is the host's own/,
      ],
      [static4and6([{ address: "2001:db8::1/64", gateway: "2001:db8::9" }]), /2001:db8::1 is the host's own/],
      [static4and6([{ address: "192.0.2.255/24", gateway: "192.0.2.9" }]), /192\.0\.2\.255 is one of all hosts/],
      [{ mtu: 1279 }, /"code": 7,[\s\S]*an MTU of 1279 is too small for fd77::2\/64: IPv6 needs 1280/],
    ];
    for (const [keys, says] of refused) {
      await expect(lab.network({ ...keys }).attach("one")).rejects.toThrow(says);
      expect(await all()).toEqual(before);
    }
    expect((await lab.network({ mtu: 1280 }).attach("two")).addresses.length).toBe(2);
  },
);

testUnless(lack, "several addresses of one family, with one gateway and with two", async () => {
  await using lab = await makeLab();
  const network = lab.network(
    static4and6([
      { address: "10.78.0.5/24", gateway: "10.78.0.1" },
      { address: "10.78.0.6/24", gateway: "10.78.0.1" },
      { address: "10.79.0.5/24", gateway: "10.79.0.1" },
      { address: "fd78::5/64", gateway: "fd78::1" },
      { address: "fd78::6/64", gateway: "fd78::1" },
    ]),
  );
  const one = await network.attach("one");
  await using _one = await serveAll(one.sandbox, 7);
  for (const address of one.addresses) await tcpEcho(lab.host, address, 7);
  for (const gateway of ["10.78.0.1", "10.79.0.1", "fd78::1"]) expect(await ping(one.sandbox, gateway)).toBe(true);
  await network.chain.check(one.at);
  await network.chain.del(one.at);
  expect(await lab.host.exec("ip", "route", "show", "10.78.0.5")).toBe("");
});

testUnless(lack, "a route through another gateway than the host's end is taken as the reference takes it", async () => {
  await using lab = await makeLab();
  const network = lab.network(
    static4and6(
      [{ address: "10.78.0.5/24", gateway: "10.78.0.1" }],
      [{ dst: "10.200.0.0/16", gw: "10.78.0.1" }, { dst: "10.201.0.0/16", gw: "10.78.0.9" }, { dst: "10.202.0.0/16" }],
    ),
  );
  const one = await network.attach("one");
  const routes = await routesIn(one.sandbox, "-4");
  expect(routes.find(({ dst }) => dst === "10.200.0.0/16")).toMatchObject({ gateway: "10.78.0.1", flags: [] });
  expect(routes.find(({ dst }) => dst === "10.201.0.0/16")).toMatchObject({ gateway: "10.78.0.9", flags: ["onlink"] });
  expect(routes.find(({ dst }) => dst === "10.202.0.0/16")).toMatchObject({ gateway: "10.78.0.1" });
  await network.chain.check(one.at);
});

testUnless(
  lack,
  "50 containers at once: distinct addresses, all reached, and none left",
  async () => {
    await using lab = await makeLab();
    const network = lab.network({ ipMasq: true });
    const ids = Array.from({ length: 50 }, (_, n) => `c${n}`);
    const all = await Promise.all(ids.map((id) => network.attach(id)));
    expect(new Set(all.flatMap(({ addresses }) => addresses)).size).toBe(100);
    for (const { addresses } of [all[0], all[49]].flatMap((one) => (one ? [one] : [])))
      for (const address of addresses) expect(await ping(lab.host, address)).toBe(true);
    await Promise.all(all.map(({ at }) => network.chain.del(at)));
    expect(await lab.host.exec("ip", "-o", "link", "show", "type", "veth")).not.toMatch(/veth[0-9a-f]{11}/);
    expect(await lab.host.exec("ip", "route", "show", "scope", "host")).toBe("");
  },
  60_000,
);
