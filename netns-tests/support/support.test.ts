import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { makeChain } from "./chain.ts";
import { connect, makeNetns, makeSandbox } from "./netns.ts";
import { outside } from "./place.ts";
import { hasReference, REFERENCE_DIR } from "./plugin-dirs.ts";
import { makePrivateHost } from "./private-host.ts";
import { randomName } from "./run.ts";
import { lacksRoot, testUnless } from "./skip.ts";
import { diff, snapshot } from "./snapshot.ts";
import { httpGet, ping, reaches, serveAll, tcpEcho, udpEcho } from "./traffic.ts";

testUnless(lacksRoot, "two namespaces talk over a veth, and the server says whom it saw", async () => {
  await using left = await makeNetns();
  await using right = await makeNetns();
  await connect(left, "a", ["10.9.0.1/24", "fd09::1/64"], right, "b", ["10.9.0.2/24", "fd09::2/64"]);
  await using _ = await serveAll(right, 7000);

  expect((await tcpEcho(left, "10.9.0.2", 7000)).address).toBe("10.9.0.1");
  expect((await udpEcho(left, "fd09::2", 7000)).address).toBe("fd09::1");
  expect(await httpGet(left, "10.9.0.2", 7000)).toStartWith("10.9.0.1 ");
  expect(await ping(left, "10.9.0.2")).toBe(true);
  expect(await ping(left, "fd09::2")).toBe(true);
  expect(await ping(left, "10.9.0.3", 200)).toBe(false);
  expect(await reaches(left, "tcp", "10.9.0.2", 7001)).toBe(false);
  const chosen = { sourceAddress: "10.9.0.1", sourcePort: 5555 };
  expect(await udpEcho(left, "10.9.0.2", 7000, chosen)).toEqual({ address: "10.9.0.1", port: 5555 });
});

testUnless(lacksRoot, "a snapshot of an idle namespace does not change, and a diff names what was left", async () => {
  await using host = await makeNetns();
  const before = await snapshot(host);
  expect(diff(before, await snapshot(host))).toEqual([]);

  await host.exec("ip", "link", "add", "br7", "type", "bridge");
  await host.exec("ip", "addr", "add", "10.9.0.1/24", "dev", "br7");
  await host.exec("nft", "add table ip x; add map ip x m { type inet_service : inet_service; elements = { 1 : 2 }; }");
  const left = diff(before, await snapshot(host));
  for (const what of ["+ link br7", "+ addr br7 10.9.0.1/24", "+ nft table ip x", "+ nft elem x m [1,2]"])
    expect(left.some((line) => line.startsWith(what))).toBe(true);

  await host.exec("ip", "link", "del", "br7");
  await host.exec("nft", "delete table ip x");
  expect(diff(before, await snapshot(host))).toEqual([]);
});

testUnless(lacksRoot, "a private host ends with all its processes, and the machine does not see it", async () => {
  const before = await snapshot(outside);
  const name = randomName("seen");
  let path = "";
  {
    await using host = await makePrivateHost();
    path = host.outsidePath("/run");
    host.start(["sleep", "1000"]);
    await host.exec("ip", "link", "add", "name", "br7", "type", "bridge");
    await host.exec("touch", `/run/${name}`, `/var/lib/cni/${name}`);
    expect((await host.exec("ls", "/proc")).split("\n").filter((name) => /^\d+$/.test(name)).length).toBeLessThan(6);
    expect(existsSync(`${path}/${name}`)).toBe(true);
  }
  expect(existsSync(path)).toBe(false);
  expect(existsSync(`/run/${name}`) || existsSync(`/var/lib/cni/${name}`)).toBe(false);
  expect(diff(before, await snapshot(outside), { ignore: [/^. netns /] })).toEqual([]);
});

testUnless(
  lacksRoot ?? (hasReference ? undefined : `no plugins in ${REFERENCE_DIR}`),
  "a chain of the reference's loopback and ptp: ADD, CHECK, DEL",
  async () => {
    await using host = await makeNetns();
    await using sandbox = await makeSandbox();
    const before = await snapshot(host);
    const ipam = { type: "static", addresses: [{ address: "10.9.1.2/24", gateway: "10.9.1.1" }] };
    const plugins = [{ type: "ptp", ipam }, { type: "loopback" }];
    const chain = makeChain({ name: "net", host, path: [REFERENCE_DIR], plugins });
    const at = { containerId: "one", netns: sandbox.path };
    expect((await chain.add(at)).ips?.[0]?.address).toBe("10.9.1.2/24");
    await chain.check(at);
    expect(await ping(host, "10.9.1.2")).toBe(true);
    expect(await ping(sandbox, "127.0.0.1")).toBe(true);
    await chain.del(at);
    await chain.del(at);
    expect(diff(before, await snapshot(host), { ignore: [/^~ sysctl /, /^. netns /] })).toEqual([]);
  },
);
