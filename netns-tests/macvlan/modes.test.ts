/** What each mode lets pass: two containers and a neighbour on the master's segment. */
import { expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { reaches, serveAll, tcpEcho, udpEcho } from "../support/traffic.ts";
import { type Container, errorOf, type Lab, lack, linkIn, linkNames, makeLab, NEIGHBOUR } from "./lab.ts";

/** Over both families, there and back. */
async function expectNeighbour({ neighbour }: Lab, one: Container): Promise<void> {
  await using _there = await serveAll(neighbour, 7);
  await using _here = await serveAll(one.sandbox, 7);
  for (const [own, other] of [
    [one.v4, NEIGHBOUR[0]],
    [one.v6, NEIGHBOUR[1]],
  ] as const) {
    expect(await tcpEcho(one.sandbox, other, 7)).toMatchObject({ address: own });
    expect(await udpEcho(one.sandbox, other, 7)).toMatchObject({ address: own });
    expect(await tcpEcho(neighbour, own, 7)).toMatchObject({ address: other });
  }
}

/** Whether each reaches the other, over IPv4 and IPv6. */
async function talk(one: Container, two: Container): Promise<boolean[]> {
  await using _one = await serveAll(one.sandbox, 8);
  await using _two = await serveAll(two.sandbox, 8);
  return await Promise.all([
    reaches(one.sandbox, "tcp", two.v4, 8, { timeoutMs: 700 }),
    reaches(one.sandbox, "tcp", two.v6, 8, { timeoutMs: 700 }),
    reaches(two.sandbox, "tcp", one.v4, 8, { timeoutMs: 700 }),
    reaches(two.sandbox, "tcp", one.v6, 8, { timeoutMs: 700 }),
  ]);
}

const YES = [true, true, true, true];
const NO = [false, false, false, false];
const hairpin = ({ switch: middle }: Lab, how: "on" | "off") =>
  middle.exec("bridge", "link", "set", "dev", "port1", "hairpin", how);

for (const { mode, apart, reflected, says } of [
  { mode: "bridge", apart: YES, reflected: YES, says: "reach each other and the neighbour" },
  { mode: "private", apart: NO, reflected: NO, says: "reach the neighbour and never each other" },
  {
    mode: "vepa",
    apart: NO,
    reflected: YES,
    says: "reach the neighbour, and each other only if the switch sends back",
  },
] as const)
  testUnless(lack, `mode ${mode}: two containers ${says}`, async () => {
    await using lab = await makeLab();
    const network = lab.network({ mode });
    const [one, two] = [await network.attach("one"), await network.attach("two")];
    for (const { sandbox } of [one, two]) expect((await linkIn(sandbox, "eth0")).linkinfo?.info_data?.mode).toBe(mode);
    for (const each of [one, two]) await expectNeighbour(lab, each);
    expect(await talk(one, two)).toEqual([...apart]);
    await hairpin(lab, "on");
    for (const { sandbox } of [one, two]) await sandbox.exec("ip", "neigh", "flush", "all");
    expect(await talk(one, two)).toEqual([...reflected]);
    await network.chain.check(one.at);
  });

testUnless(
  lack,
  "mode passthru: one container has the master alone, its address and its promiscuity with it",
  async () => {
    await using lab = await makeLab();
    const network = lab.network({ mode: "passthru" });
    const before = await linkIn(lab.host, "nic0");
    const one = await network.attach("one");
    await expectNeighbour(lab, one);
    // It takes the master's address.
    expect((await linkIn(one.sandbox, "eth0")).address).toBe(before.address);
    expect((await linkIn(lab.host, "nic0")).promiscuity).toBe(before.promiscuity + 1);
    await network.chain.check(one.at);

    const second = await errorOf(network.attach("two"));
    expect(second).toMatchObject({ code: 11 });
    expect(String(second["msg"])).toContain('master "nic0" already carries another macvlan');
    await network.chain.del(one.at);
    expect(await linkIn(lab.host, "nic0")).toEqual(before);
    await expectNeighbour(lab, await network.attach("two"));
  },
);

testUnless(lack, "mode passthru with an address of its own: the master has it until the container goes", async () => {
  await using lab = await makeLab();
  const network = lab.network({ mode: "passthru", mac: "02:00:00:00:66:01" });
  const before = await linkIn(lab.host, "nic0");
  const one = await network.attach("one");
  expect(one.result.interfaces?.[0]?.mac).toBe("02:00:00:00:66:01");
  expect((await linkIn(one.sandbox, "eth0")).address).toBe("02:00:00:00:66:01");
  expect((await linkIn(lab.host, "nic0")).address).toBe("02:00:00:00:66:01");
  await expectNeighbour(lab, one);
  await network.chain.check(one.at);
  await network.chain.del(one.at);
  expect(await linkIn(lab.host, "nic0")).toEqual(before);
});

testUnless(lack, "two networks on one master, and two interfaces of one container", async () => {
  await using lab = await makeLab();
  const [red, blue] = [
    lab.network({}, "red"),
    lab.network({ ipam: { type: "host-local", dataDir: lab.dataDir, ranges: [[{ subnet: "10.67.0.0/24" }]] } }, "blue"),
  ];
  const one = await red.attach("one");
  const again = await blue.attach("one", { sandbox: one.sandbox, ifName: "eth1" });
  expect(await linkNames(one.sandbox)).toEqual(["lo", "eth0", "eth1"]);
  const other = await blue.attach("two");
  await using _server = await serveAll(other.sandbox, 9);
  expect(await tcpEcho(one.sandbox, other.v4, 9)).toMatchObject({ address: again.v4 });
  await blue.chain.del(again.at);
  expect(await linkNames(one.sandbox)).toEqual(["lo", "eth0"]);
  await red.chain.check(one.at);
  await expectNeighbour(lab, one);
});
