import { expect, test } from "bun:test";
import { connect, makeNetns } from "./netns.ts";
import { diff, snapshot } from "./snapshot.ts";
import { httpGet, ping, reaches, serveAll, tcpEcho, udpEcho } from "./traffic.ts";

test("two namespaces talk over a veth, and the server says whom it saw", async () => {
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

test("a snapshot of an idle namespace does not change, and a diff names what was left", async () => {
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
