import { expect } from "bun:test";
import { makeSandbox } from "../support/netns.ts";
import { testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { ping, serveAll, tcpEcho } from "../support/traffic.ts";
import { lacksTsnet, workplace } from "../tsnet/tsnet.ts";
import { lack, makeLab } from "./lab.ts";

testUnless(
  lack ?? lacksTsnet,
  "tsnet repair puts back the host's side of a routed link, and then finds it whole",
  async () => {
    await using lab = await makeLab();
    const { host } = lab;
    await using w = await workplace(host);
    const { conf } = lab.network({ ipMasq: true });
    await w.network("routed", [conf]);
    const sandbox = lab.use(await makeSandbox());
    const added = JSON.parse(await w.must("cni", "add", "routed", sandbox.path)) as {
      interfaces: { name: string }[];
    };
    const end = added.interfaces[0]?.name ?? "";
    await using _outside = await serveAll(lab.outside, 7);
    const before = await snapshot(host);

    await host.exec("nft", "flush", "ruleset");
    await host.exec("ip", "route", "del", "10.77.0.2");
    await host.exec("ip", "-6", "route", "del", "fd77::2");
    await host.exec("ip", "addr", "flush", "dev", end, "scope", "global");
    await host.exec("sysctl", "-qw", "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0");
    const dry = await w.must("repair", "--dry-run");
    for (const what of ["the host's way to 10.77.0.2/24, fd77::2/64", "forwarding", "masquerading"])
      expect(dry).toContain(what);
    expect(await w.must("repair")).toContain("1 repaired");
    expect(diff(before, await snapshot(host), { ignore: [/netns t/, /nft .* handle/] })).toEqual([]);
    expect(await tcpEcho(sandbox, "192.0.2.2", 7)).toMatchObject({ address: "192.0.2.1" });
    expect(await tcpEcho(sandbox, "2001:db8::2", 7)).toMatchObject({ address: "2001:db8::1" });
    expect(await ping(sandbox, "10.77.0.1")).toBe(true);
    expect(await w.must("repair")).toContain("1 whole");
  },
);
