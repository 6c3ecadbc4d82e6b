/** Bad configs of the plugins that take a container off the bridge. */
import { describe, expect } from "bun:test";
import { expectError } from "./answers.ts";
import { all, type Bad, EXHAUSTED, foreign, HOST_LOCAL, NAMESPACE, wrong } from "./bad.ts";
import { contractTest } from "./contract-test.ts";
import { leftovers, makeBench, makeNetwork } from "./network.ts";
import { callRaw, configOf } from "./raw.ts";
import { subject } from "./subjects/index.ts";
import { PARENT } from "./subjects/macvlan.ts";

const TAKEN_NAME: Bad = {
  name: "an interface that exists",
  prepare: ({ bench }, { netns }) =>
    bench.host.exec("nsenter", `--net=${netns}`, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "x0"),
  code: 4,
  msg: /already has an interface "eth0"/,
};

const MAIN: readonly Bad[] = [
  wrong({ mtu: "1400" }, /"mtu"/),
  wrong({ mtu: -1 }, /"mtu"/),
  wrong({ mtu: 67 }, /"mtu"/),
  wrong({ mtu: 1e6 }, /"mtu"/),
  wrong({ ipam: "host-local" }, /"ipam"/),
  wrong({ ipam: { type: 5 } }, /"ipam.type"/),
  wrong({ ipam: { type: "../host-local" } }, /invalid plugin name/),
  wrong({ ipam: { type: "no-such-plugin" } }, /failed to find plugin "no-such-plugin"/),
  wrong({ dns: { nameservers: "x" } }, /"dns.nameservers"/),
  TAKEN_NAME,
  foreign("garbage", [100, 6, 7], /garbage/),
  foreign("fails", 123, /no address today/),
  foreign("gives-nothing", [100], /no address/),
  foreign("gives-garbage", [100, 6, 7], /10\.1/),
];

const fixed = (address: string, gateway?: string) => ({
  ipam: { type: "static", addresses: [{ address, ...(gateway !== undefined && { gateway }) }] },
});

const PTP: readonly Bad[] = [
  wrong({ ipMasq: "yes" }, /"ipMasq"/),
  wrong({ ipMasqBackend: "magic" }, /"ipMasqBackend"/),
  wrong({ ipam: {} }, /"ipam.type"/),
  wrong({ ipam: null }, /"ipam"/),
  wrong(fixed("10.1.1.5/32"), /no gateway for 10\.1\.1\.5\/32/, 100),
  wrong(fixed("fd01::5/128"), /no gateway for fd01::5\/128/, 100),
  wrong(fixed("10.1.1.1/24"), /container's own address/, 100),
  wrong(fixed("10.1.1.5/24", "10.1.1.5"), /container's own address/, 100),
];

const MACVLAN: readonly Bad[] = [
  wrong({ master: 5 }, /"master"/),
  wrong({ master: "a/b" }, /"master"/),
  wrong({ master: "a b" }, /"master"/),
  wrong({ master: "none0" }, /master "none0": the host has no interface/),
  wrong({ master: "lo" }, /"lo" is a loopback interface/),
  wrong({ master: "" }, /no default route/),
  wrong({ linkInContainer: "yes" }, /"linkInContainer"/),
  wrong({ linkInContainer: true }, /master "nic0": the container has no interface/),
  wrong({ mode: "source" }, /"mode": need "bridge", "private", "vepa", "passthru", have "source"/),
  wrong({ mode: 1 }, /"mode"/),
  wrong({ mtu: 1501 }, /"mtu": need at most 1500, the MTU of master "nic0", have 1501/),
  wrong({ bcqueuelen: -1 }, /"bcqueuelen"/),
  wrong({ bcqueuelen: 2 ** 32 }, /"bcqueuelen"/),
  wrong({ bcqueuelen: "1000" }, /"bcqueuelen"/),
  wrong({ enabledad: 1 }, /"enabledad"/),
  wrong({ mac: "nonsense" }, /"mac": need a unicast MAC address/),
  wrong({ mac: "01:00:5e:00:00:01" }, /"mac"/),
  wrong({ args: { cni: { mac: "00:00:00:00:00:00" } } }, /"args.cni.mac"/),
  wrong({ runtimeConfig: { mac: 5 } }, /"runtimeConfig.mac"/),
  { name: "CNI_ARGS with half a pair", parameters: { args: "MAC" }, code: 4, msg: /invalid pair/ },
  { name: "CNI_ARGS with an unknown key", parameters: { args: "COLOUR=blue" }, code: 4, msg: /COLOUR/ },
  { name: "CNI_ARGS with a MAC that is none", parameters: { args: "MAC=zz" }, code: 4, msg: /"zz"/ },
  {
    name: "a master that is a bridge's port",
    prepare: async ({ bench }) => {
      const mac = ["address", "02:00:00:00:00:01"];
      await bench.host.exec("ip", "link", "add", "br7", ...mac, "type", "bridge");
      await bench.host.exec("ip", "link", "set", PARENT, "master", "br7");
    },
    code: 7,
    msg: /"nic0" is a port of "br7"/,
  },
  ...[
    ["passthru", "bridge", /already carries another macvlan, and mode "passthru" wants it alone/],
    ["bridge", "passthru", /may carry one in mode "passthru"/],
  ].map(([mode, other, msg]) => ({
    name: `mode ${mode} beside ${other}`,
    conf: { mode: String(mode) },
    prepare: ({ bench }: { bench: { host: { exec(...command: string[]): Promise<string> } } }) =>
      bench.host.exec("ip", "link", "add", "other", "link", PARENT, "type", "macvlan", "mode", String(other)),
    code: 11,
    msg: msg as RegExp,
  })),
  {
    name: "a hardware address in use",
    conf: { mac: "02:00:00:00:00:07" },
    prepare: ({ bench }) =>
      bench.host.exec(
        "sh",
        "-c",
        `ip link add other link ${PARENT} address 02:00:00:00:00:07 type macvlan mode bridge && ip link set other up`,
      ),
    code: 11,
    msg: /02:00:00:00:00:07 is already in use on master "nic0"/,
  },
];

describe("bad input", () => {
  const ptp = "ptp v4";
  const macvlan = "macvlan v4";
  contractTest("ptp: a namespace that is none", () => all(ptp, NAMESPACE));
  contractTest("macvlan: a namespace that is none", () => all(macvlan, NAMESPACE));
  contractTest(`ptp: ${MAIN.length + PTP.length} bad configs`, () => all(ptp, [...MAIN, ...PTP]));
  contractTest(`macvlan: ${MAIN.length + MACVLAN.length} bad configs`, () => all(macvlan, [...MAIN, ...MACVLAN]));
  contractTest("ptp: bad ranges", () => all(ptp, [...HOST_LOCAL, EXHAUSTED]));
  contractTest("macvlan: bad ranges", () => all(macvlan, [...HOST_LOCAL, EXHAUSTED]));

  contractTest("ptp: an address that the host routes to another container is code 11, and names it", async () => {
    await using bench = await makeBench();
    const network = makeNetwork(bench, subject(ptp));
    const conf = configOf(network, fixed("10.88.1.9/24", "10.88.1.1"));
    const [one, two] = [await network.newContainer("one"), await network.newContainer("two")];
    const at = ({ at: { containerId, netns } }: typeof one) => ({ containerId, netns, ifName: "eth0" });
    expect(await callRaw(network, "ADD", conf, at(one))).toMatchObject({ code: 0 });
    const before = await bench.snapshot();
    const error = expectError(await callRaw(network, "ADD", conf, at(two)));
    expect(error).toMatchObject({ code: 11 });
    expect(error.msg).toMatch(/route to 10\.88\.1\.9\/32, through "veth[0-9a-f]{11}"/);
    expect(error.details).toMatch(/net one eth0/);
    expect(leftovers(before, await bench.snapshot(), { stays: [] })).toEqual([]);
    // Once it is gone, the next attempt succeeds.
    expect(await callRaw(network, "DEL", conf, at(one))).toMatchObject({ code: 0 });
    expect(await callRaw(network, "ADD", conf, at(two))).toMatchObject({ code: 0 });
  });
});
