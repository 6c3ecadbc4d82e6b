/** With firewalld running: in a private host, with a message bus of its own. */
import { expect } from "bun:test";
import type { CniResult, JsonObject } from "../../src/cni/types.ts";
import { type Attachment, type Chain, makeChain } from "../support/chain.ts";
import { connect, makeNetns } from "../support/netns.ts";
import { callPlugin } from "../support/plugin.ts";
import { makePrivateHost, type PrivateHost } from "../support/private-host.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { reaches, serveAll, tcpEcho } from "../support/traffic.ts";
import { sandboxOn } from "./world.ts";

const lacks = [lacksRoot, lacksCommand("gcc", "nft", "dbus-daemon", "firewalld", "firewall-cmd")];
const OUTSIDE = ["192.0.2.2", "2001:db8::2"] as const;

/** Starts both; returns once firewalld has loaded its rules. */
async function startFirewalld(host: PrivateHost): Promise<void> {
  await host.exec("mkdir", "-p", "/run/dbus", "/run/firewalld");
  host.start(["dbus-daemon", "--system", "--nofork", "--nopidfile"]);
  for (let n = 0; (await host.run(["test", "-S", "/run/dbus/system_bus_socket"])).code !== 0; n++) {
    if (n === 100) throw new Error("dbus-daemon does not listen");
    await Bun.sleep(50);
  }
  const daemon = host.start(["firewalld", "--nofork", "--nopid", "--log-file=/run/firewalld.log"]);
  for (let n = 0; (await host.run(["firewall-cmd", "--state"])).code !== 0; n++) {
    if (n === 150 || daemon.exitCode !== null)
      throw new Error(`firewalld: ${await new Response(daemon.stderr).text()}`);
    await Bun.sleep(100);
  }
}

const sourcesOf = async (host: PrivateHost, zone = "trusted"): Promise<string[]> =>
  (await host.exec("firewall-cmd", `--zone=${zone}`, "--list-sources")).split(/\s+/).filter((word) => word !== "");

function networkOn(host: PrivateHost, keys: JsonObject | undefined): Chain {
  const ranges = [[{ subnet: "10.31.0.0/24" }], [{ subnet: "fd31::/64" }]];
  return makeChain({
    name: "blue",
    cniVersion: "1.1.0",
    host,
    plugins: [
      { type: "bridge", bridge: "br1", isDefaultGateway: true, ipMasq: true, ipam: { type: "host-local", ranges } },
      { type: "portmap", capabilities: { portMappings: true } },
      ...(keys ? [{ type: "firewall", ...keys }] : []),
    ],
  });
}

const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "",
    (error: Error) => error.message,
  );

testUnless(
  lacks,
  "firewalld lets containers' packets pass by its zone, and forgets them on DEL",
  async () => {
    await using host = await makePrivateHost();
    await using outside = await makeNetns();
    await connect(host.network, "lan0", ["192.0.2.1/24", "2001:db8::1/64"], outside, "lan0", [
      `${OUTSIDE[0]}/24`,
      `${OUTSIDE[1]}/64`,
    ]);
    await using _outside = await serveAll(outside, 81);
    await startFirewalld(host);
    const [one, two] = [await sandboxOn(host, "one"), await sandboxOn(host, "two")];
    const out = (from: typeof one, timeoutMs = 400): Promise<boolean[]> =>
      Promise.all(OUTSIDE.map((address) => reaches(from.place, "tcp", address, 81, { timeoutMs })));

    // Without the plugin firewalld rejects.
    const bare = networkOn(host, undefined);
    const runtimeConfig = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] };
    const at: Attachment = { containerId: "one", netns: one.netns, runtimeConfig };
    await bare.add(at);
    expect(await out(one)).toEqual([false, false]);
    await bare.del(at);

    const blue = networkOn(host, { backend: "firewalld" });
    const result: CniResult = await blue.add(at);
    const sources = (result.ips ?? []).map(({ address }) => address.replace("/24", "/32").replace("/64", "/128"));
    expect((await sourcesOf(host)).sort()).toEqual(sources.sort());
    await blue.add({ containerId: "two", netns: two.netns });
    expect(await out(one, 4_000)).toEqual([true, true]);
    await using _one = await serveAll(one.place, 80);
    await tcpEcho(outside, "192.0.2.1", 8080);
    await tcpEcho(two.place, result.ips?.[0]?.address.split("/")[0] ?? "", 80);
    await blue.check(at);
    await blue.status();

    // A reload forgets them: CHECK says so, and the plugin's repair (here: ADD again) puts them back.
    await host.exec("firewall-cmd", "--reload");
    expect(await out(one)).toEqual([false, false]);
    expect(await failureOf(blue.check(at))).toMatch(/no source of firewalld's zone/);
    const conf = {
      cniVersion: "1.1.0",
      name: "blue",
      type: "firewall",
      prevResult: JSON.parse(JSON.stringify(result)),
    };
    const call = { conf, host, containerId: "one", netns: one.netns, ifName: "eth0" };
    expect(await callPlugin({ ...call, command: "ADD" })).toMatchObject({ code: 0 });
    expect(await callPlugin({ ...call, command: "ADD" })).toMatchObject({ code: 0 });
    expect(await out(one, 4_000)).toEqual([true, true]);
    await blue.check(at);

    // GC and DEL tell firewalld too.
    await blue.gc([{ containerID: "one", ifname: "eth0" }]);
    expect((await sourcesOf(host)).sort()).toEqual(sources.sort());
    await blue.del(at);
    await blue.del(at);
    expect(await sourcesOf(host)).toEqual([]);
    // (It makes the chains of a zone when the zone is first used, and keeps them.)
    expect(await host.exec("nft", "list", "ruleset")).not.toMatch(/addr (10\.31|fd31)|elements/);
  },
  60_000,
);

testUnless(
  lacks,
  "firewalld's refusals are errors, and leave nothing",
  async () => {
    await using host = await makePrivateHost();
    await startFirewalld(host);
    const one = await sandboxOn(host, "one");
    const at = { containerId: "one", netns: one.netns };
    const wrong = networkOn(host, { firewalldZone: "nowhere" });
    expect(await failureOf(wrong.add(at))).toMatch(/"code": 7[\s\S]*zone \\"nowhere\\"[\s\S]*INVALID_ZONE/);
    await wrong.del(at);
    // Asked again in vain, an attachment that stands goes on standing.
    const result = await networkOn(host, {}).add(at);
    const prevResult = JSON.parse(JSON.stringify(result));
    const conf = { cniVersion: "1.1.0", name: "blue", type: "firewall", prevResult };
    const call = { host, ...at, ifName: "eth0" };
    const vain = await callPlugin({ ...call, command: "ADD", conf: { ...conf, firewalldZone: "nowhere" } });
    expect(vain).toMatchObject({ code: 1, json: { code: 7 } });
    expect(await callPlugin({ ...call, command: "CHECK", conf })).toMatchObject({ code: 0 });
    await networkOn(host, {}).del({ ...at, prevResult });
    // The first address of the network is somebody's source already.
    const blue = networkOn(host, {});
    const { ips } = await blue.add(at);
    await blue.del(at);
    const next = (ips?.[0]?.address ?? "").replace(/\.(\d+)\/24/, (_, n) => `.${Number(n) + 1}/32`);
    await host.exec("firewall-cmd", "--zone=drop", `--add-source=${next}`);
    expect(await failureOf(blue.add(at))).toMatch(/"code": 100[\s\S]*ZONE_CONFLICT/);
    await blue.del(at);
    expect(await sourcesOf(host)).toEqual([]);
    expect(await sourcesOf(host, "drop")).toEqual([next]);
    await host.exec("firewall-cmd", "--zone=drop", `--remove-source=${next}`);
    expect(await host.exec("nft", "list", "table", "inet", "tsnet")).not.toMatch(/10\.31|fw-[0-9a-f]{16}/);
  },
  60_000,
);

/** A message bus that takes every connection and says nothing; a line for each. */
const SILENT_BUS = `Bun.listen({ unix: "/run/dbus/system_bus_socket", socket: {
  open() { require("node:fs").appendFileSync("/run/asked", "asked\\n"); }, data() {} } })`;

testUnless(
  [lacksRoot, lacksCommand("gcc", "nft")],
  "a bus that says nothing is not asked where firewalld filters nothing, and not waited for long where it does",
  async () => {
    await using host = await makePrivateHost();
    await host.exec("mkdir", "-p", "/run/dbus");
    host.start([process.execPath, "-e", SILENT_BUS]);
    for (let n = 0; (await host.run(["test", "-S", "/run/dbus/system_bus_socket"])).code !== 0; n++) {
      if (n === 200) throw new Error("the bus does not listen");
      await Bun.sleep(50);
    }
    const asked = async (): Promise<boolean> => (await host.run(["test", "-e", "/run/asked"])).code === 0;
    const one = await sandboxOn(host, "one");
    const prevResult = { cniVersion: "1.1.0", ips: [{ address: "10.31.0.2/24" }] };
    const conf = { cniVersion: "1.1.0", name: "blue", type: "firewall", prevResult };
    const call = { conf, host, containerId: "one", netns: one.netns, ifName: "eth0" };
    for (const command of ["ADD", "CHECK", "DEL"] as const)
      expect(await callPlugin({ ...call, command })).toMatchObject({ code: 0 });
    expect(await asked()).toBe(false);

    const late = { code: 1, json: { code: 11, msg: expect.stringContaining("no answer within 3 s") } };
    expect(await callPlugin({ ...call, command: "ADD", conf: { ...conf, backend: "firewalld" } })).toMatchObject(late);
    expect(await asked()).toBe(true);
    await host.exec("nft", "add table inet firewalld");
    expect(await callPlugin({ ...call, command: "ADD" })).toMatchObject(late);
    expect(await host.exec("nft", "list", "ruleset")).not.toMatch(/10\.31|fw-[0-9a-f]{16}/);
  },
  60_000,
);
