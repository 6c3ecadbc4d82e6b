/** Where the master is looked for. */
import { expect } from "bun:test";
import { connect, makeSandbox } from "../support/netns.ts";
import { testUnless } from "../support/skip.ts";
import { serveAll, tcpEcho } from "../support/traffic.ts";
import { errorOf, lack, linkNames, makeLab, NEIGHBOUR } from "./lab.ts";

for (const [family, route, gone] of [
  ["IPv4", ["ip", "route", "add", "default", "via", "10.66.0.1"], "10.66.0.2/24"],
  ["IPv6", ["ip", "-6", "route", "add", "default", "via", "fd66::1"], "fd66::2/64"],
] as const)
  testUnless(lack, `without a name the master is the interface of the ${family} default route`, async () => {
    await using lab = await makeLab();
    const network = lab.network({ master: "" });
    const error = await errorOf(network.attach("none"));
    expect(error).toMatchObject({ code: 7 });
    expect(String(error["msg"])).toContain("the host has no default route");

    // Another interface, and a default route that is not the first.
    await lab.host.exec("ip", "link", "add", "nic1", "type", "veth", "peer", "name", "nic2");
    await lab.host.exec("ip", "addr", "add", gone, "dev", "nic0");
    await lab.host.exec("ip", "link", "set", "nic1", "up");
    await lab.host.exec("ip", "link", "set", "nic2", "up");
    await lab.host.exec("ip", "-4", "route", "add", "10.99.0.0/24", "dev", "nic1");
    await lab.host.exec(...route);
    const one = await network.attach("one");
    await using _server = await serveAll(lab.neighbour, 7);
    expect(await tcpEcho(one.sandbox, NEIGHBOUR[0], 7)).toMatchObject({ address: one.v4 });
    await network.chain.check(one.at);
    await network.chain.del(one.at);
    expect(await linkNames(one.sandbox)).toEqual(["lo"]);
  });

testUnless(lack, "of two default routes the one the kernel follows counts", async () => {
  await using lab = await makeLab();
  await connect(lab.host, "far0", ["10.99.0.2/24"], lab.neighbour, "far0", ["10.99.0.1/24"]);
  await lab.host.exec("ip", "addr", "add", "10.66.0.2/24", "dev", "nic0");
  await lab.host.exec("ip", "route", "add", "default", "via", "10.99.0.1", "metric", "200");
  await lab.host.exec("ip", "route", "add", "default", "via", "10.66.0.1", "metric", "100");
  const one = await lab.network({ master: "" }).attach("one");
  const [seen] = JSON.parse(await lab.host.exec("ip", "-j", "link", "show", "dev", "nic0")) as { ifindex: number }[];
  expect(await one.sandbox.exec("ip", "-o", "link", "show", "dev", "eth0")).toContain(`eth0@if${seen?.ifindex}:`);
});

testUnless(lack, "linkInContainer: the master is an interface of the container, and leads from there", async () => {
  await using lab = await makeLab();
  const sandbox = lab.use(await makeSandbox());
  await connect(sandbox, "net0", [], lab.switch, "port3", []);
  await lab.switch.exec("ip", "link", "set", "port3", "master", "br0");
  const network = lab.network({ master: "net0", linkInContainer: true });
  const one = await network.attach("one", { sandbox });
  expect(await sandbox.exec("ip", "-o", "link", "show", "dev", "eth0")).toContain("eth0@net0:");
  await using _server = await serveAll(lab.neighbour, 7);
  expect(await tcpEcho(sandbox, NEIGHBOUR[0], 7)).toMatchObject({ address: one.v4 });
  expect(await tcpEcho(sandbox, NEIGHBOUR[1], 7)).toMatchObject({ address: one.v6 });
  await network.chain.check(one.at);
  await network.chain.status();

  // GC finds it there too.
  await network.chain.gc([]);
  expect(await linkNames(sandbox)).toEqual(["lo", "net0"]);
  const two = await network.attach("two", { sandbox });
  await sandbox.exec("ip", "link", "del", "net0");
  await network.chain.del(two.at);
  expect(await linkNames(sandbox)).toEqual(["lo"]);
});

testUnless(lack, "linkInContainer without a name: the container's own default route", async () => {
  await using lab = await makeLab();
  const sandbox = lab.use(await makeSandbox());
  await connect(sandbox, "net0", ["10.66.0.9/24"], lab.switch, "port3", []);
  await lab.switch.exec("ip", "link", "set", "port3", "master", "br0");
  const network = lab.network({ master: "", linkInContainer: true });
  expect(String((await errorOf(network.attach("none", { sandbox })))["msg"])).toContain(
    "the container has no default route",
  );
  await sandbox.exec("ip", "route", "add", "default", "via", "10.66.0.1");
  await network.attach("one", { sandbox });
  expect(await sandbox.exec("ip", "-o", "link", "show", "dev", "eth0")).toContain("eth0@net0:");
});

testUnless(lack, "a macvlan is a master as well: both hang on the same interface, and CHECK knows", async () => {
  await using lab = await makeLab();
  await lab.host.exec("ip", "link", "add", "mv0", "link", "nic0", "type", "macvlan", "mode", "bridge");
  await lab.host.exec("ip", "link", "set", "mv0", "up");
  const network = lab.network({ master: "mv0" });
  const one = await network.attach("one");
  await network.chain.check(one.at);
  await using _server = await serveAll(lab.neighbour, 7);
  expect(await tcpEcho(one.sandbox, NEIGHBOUR[0], 7)).toMatchObject({ address: one.v4 });
});
