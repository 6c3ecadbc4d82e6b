/** What bad input gets: the specification's code, on stdout, and no change to the system. */
import { describe, expect } from "bun:test";
import type { CniCommand, JsonObject } from "../../src/cni/types.ts";
import { callPlugin } from "../support/plugin.ts";
import { serve } from "../support/traffic.ts";
import { expectError } from "./answers.ts";
import { all, type Bad, BOTH, EXHAUSTED, foreign, HOST_LOCAL, NAMESPACE, PREVIOUS, wrong } from "./bad.ts";
import { contractTest } from "./contract-test.ts";
import { bridgeName } from "./makes.ts";
import { leftovers, makeBench, makeNetwork } from "./network.ts";
import { callRaw, configOf } from "./raw.ts";
import { BRIDGE_STAYS } from "./subjects/bridge.ts";
import { subject } from "./subjects/index.ts";

/** Of the executable's frame: the same for every plugin. */
const FRAME: readonly Bad[] = [
  { name: "nothing on stdin", conf: "", code: 6, msg: /./ },
  { name: "half an object", conf: '{"cniVersion":"1.1.0","na', code: 6, msg: /./ },
  { name: "two documents", conf: (n) => `${JSON.stringify(configOf(n))}{}`, code: 6, msg: /./ },
  { name: "a list", conf: "[]", code: 6, msg: /./ },
  { name: "a number", conf: "5", code: 6, msg: /./ },
  { name: "null", conf: "null", code: [6, 7], msg: /./ },
  { name: "zeros", conf: "\u0000\u0001", code: 6, msg: /./ },
  { name: "nesting without end", conf: "[".repeat(200_000), code: 6, msg: /./ },
  { name: "a name that is a number", conf: { name: 5 }, code: [6, 7], msg: /name/ },
  { name: "no name", conf: { name: "" }, code: 7, msg: /missing network name/ },
  ...["a/b", "../a", ".a", "-a", "a b", "ä", "a\u0000b"].map(
    (name): Bad => ({ name: `network name ${JSON.stringify(name)}`, conf: { name }, code: 7, msg: /network name/ }),
  ),
  { name: "a version that nobody has", conf: { cniVersion: "9.9.9" }, code: 1, msg: /incompatible CNI versions/ },
  { name: "a version that is none", conf: { cniVersion: "one" }, code: [1, 6], msg: /version/ },
  { name: "a version that is a number", conf: { cniVersion: 1 }, code: [6, 7], msg: /cniVersion/i },
  { name: "an unknown command", commands: ["FETCH" as CniCommand], code: 4, msg: /unknown CNI_COMMAND: FETCH/ },
  ...["", "a/b", "-a", "a b", "ä"].map(
    (containerId): Bad => ({
      name: `container ID ${JSON.stringify(containerId)}`,
      parameters: { containerId },
      code: 4,
      msg: /container|CNI_CONTAINERID/i,
    }),
  ),
  ...["", ".", "..", "a/b", "a:b", "a b", "a-name-too-long-for-linux", "eth\u00a00", "eth%d", "all"].map(
    (ifName): Bad => ({
      name: `interface ${JSON.stringify(ifName)}`,
      parameters: { ifName },
      code: 4,
      msg: /interface|CNI_IFNAME/,
    }),
  ),
  {
    name: "no variable at all",
    parameters: {
      env: { CNI_CONTAINERID: undefined, CNI_NETNS: undefined, CNI_IFNAME: undefined, CNI_PATH: undefined },
    },
    code: 4,
    msg: /\[CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH\] missing/,
  },
  { name: "no namespace", commands: BOTH, parameters: { netns: "" }, code: 4, msg: /CNI_NETNS/ },
  {
    name: "the host's own namespace",
    commands: BOTH,
    conf: PREVIOUS,
    parameters: ({ bench }) => ({ netns: bench.host.path }),
    code: 8,
    msg: /namespace|netns/,
  },
  { name: "no list for GC", commands: ["GC"], code: 7, msg: /valid-attachments/ },
  { name: "a prevResult that is a number", commands: BOTH, conf: { prevResult: 5 }, code: [6, 7], msg: /prevResult/ },
  {
    name: "a prevResult of an unknown version",
    commands: BOTH,
    conf: { prevResult: { cniVersion: "7.0.0" } },
    code: [1, 6, 7],
    msg: /prevResult|version/,
  },
];

const BRIDGE: readonly Bad[] = [
  wrong({ bridge: 5 }, /"bridge": need a string, have 5/),
  wrong({ bridge: "a-name-too-long-for-linux" }, /"bridge"/),
  wrong({ bridge: "a/b" }, /"bridge"/),
  wrong({ bridge: "br%d" }, /"bridge"/),
  wrong({ bridge: "all" }, /"bridge"/),
  wrong({ isGateway: "yes" }, /"isGateway"/),
  wrong({ ipMasq: 1 }, /"ipMasq"/),
  wrong({ ipMasqBackend: "magic" }, /"ipMasqBackend"/),
  wrong({ mtu: "1500" }, /"mtu"/),
  wrong({ mtu: -1 }, /"mtu"/),
  wrong({ mtu: 1e6 }, /"mtu"/),
  wrong({ vlan: 4095 }, /"vlan"/),
  wrong({ vlanTrunk: [{ minID: 5 }] }, /maxID/),
  wrong({ vlanTrunk: [{ minID: 9, maxID: 5 }] }, /maxID/),
  wrong({ vlanTrunk: {} }, /"vlanTrunk"/),
  wrong({ hairpinMode: true, promiscMode: true }, /hairpinMode.*promiscMode/),
  wrong({ disableContainerInterface: true }, /disableContainerInterface.*ipam/),
  wrong({ ipam: "host-local" }, /"ipam"/),
  wrong({ ipam: [] }, /"ipam"/),
  wrong({ ipam: { type: 5 } }, /"ipam.type"/),
  wrong({ ipam: { type: "../host-local" } }, /invalid plugin name/),
  wrong({ ipam: { type: "no-such-plugin" } }, /failed to find plugin "no-such-plugin"/),
  wrong({ dns: 5 }, /"dns"/),
  wrong({ dns: { nameservers: "x" } }, /"dns.nameservers"/),
  wrong({ args: { cni: { mac: "01:00:5e:00:00:01" } } }, /"args.cni.mac"/),
  wrong({ runtimeConfig: { mac: "nonsense" } }, /"runtimeConfig.mac"/),
  wrong({ runtimeConfig: 5 }, /"runtimeConfig"/),
  { name: "CNI_ARGS with half a pair", parameters: { args: "MAC" }, code: 4, msg: /invalid pair/ },
  { name: "CNI_ARGS with an unknown key", parameters: { args: "COLOUR=blue" }, code: 4, msg: /COLOUR/ },
  { name: "CNI_ARGS with a MAC that is none", parameters: { args: "MAC=zz" }, code: 4, msg: /"zz"/ },
  {
    name: "an interface that exists",
    prepare: ({ bench }, { netns }) =>
      bench.host.exec("nsenter", `--net=${netns}`, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "x0"),
    code: 4,
    msg: /already has an interface "eth0"/,
  },
  {
    name: "a bridge that is not a bridge",
    prepare: ({ bench, place }) =>
      bench.host.exec("ip", "link", "add", bridgeName(place.index), "type", "veth", "peer", "name", "x0"),
    code: 7,
    msg: /"br1" is not a bridge but veth/,
  },
  {
    name: "a bridge with another network's gateway",
    prepare: async ({ bench, place }) => {
      // Of its own, or it would follow that of its ports.
      const mac = ["address", "02:00:00:00:00:01"];
      await bench.host.exec("ip", "link", "add", bridgeName(place.index), ...mac, "type", "bridge");
      await bench.host.exec("ip", "addr", "add", "10.1.2.3/16", "dev", bridgeName(place.index));
      await bench.host.exec("ip", "link", "set", bridgeName(place.index), "up");
      await bench.host.exec("sysctl", "-qw", `net.ipv6.conf.${bridgeName(place.index)}.accept_ra=0`);
    },
    code: 7,
    msg: /different from 10\.88\.1\.1\/24: 10\.1\.2\.3\/16/,
  },
  foreign("garbage", [100, 6, 7], /garbage/),
  foreign("silent", [100, 6, 7], /silent/),
  foreign("dies", [100, 11], /dies/),
  foreign("fails", 123, /no address today/),
  foreign("fails-without-words", [100], /fails-without-words/),
  foreign("gives-nothing", [100], /no address/),
  foreign("gives-garbage", [100, 6, 7], /10\.1/),
  foreign("answers-twice", [100, 6, 7], /answers-twice/),
];

const mapping = (entry: JsonObject): JsonObject => ({
  runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp", ...entry }] },
});

const PORTMAP: readonly Bad[] = [
  ...[0, 65_536, -1, 1.5, "80", null].flatMap((port) => [
    wrong(mapping({ hostPort: port }), /portMappings\[0\].*hostPort|hostPort/),
    wrong(mapping({ containerPort: port }), /portMappings\[0\].*containerPort|containerPort/),
  ]),
  wrong(mapping({ protocol: "icmp" }), /icmp/),
  wrong(mapping({ protocol: 6 }), /protocol/),
  wrong(mapping({ hostIP: "not an address" }), /hostIP/),
  wrong({ runtimeConfig: { portMappings: {} } }, /portMappings/),
  wrong({ runtimeConfig: { portMappings: ["8080:80"] } }, /portMappings/),
  wrong({ ...mapping({}), snat: "no" }, /"snat"/),
  wrong({ ...mapping({}), conditionsV4: ["-m", "owner"] }, /conditionsV4.*"owner"/),
  wrong({ ...mapping({}), conditionsV6: ["meta", "skuid"] }, /conditionsV6.*"skuid"/),
  wrong({ ...mapping({}), conditionsV4: ["ip", "saddr", "fd00::1"] }, /conditionsV4/),
  wrong({ ...mapping({}), backend: "magic" }, /"backend"/),
  wrong({ ...mapping({}), markMasqBit: 32 }, /"markMasqBit"/),
];

const FIREWALL: readonly Bad[] = [
  wrong({ backend: "magic" }, /"backend".*"magic"/),
  wrong({ backend: 5 }, /"backend"/),
  wrong({ ingressPolicy: "closed" }, /"ingressPolicy".*"closed"/),
  wrong({ iptablesAdminChainName: "a chain" }, /"iptablesAdminChainName"/),
  wrong({ iptablesAdminChainName: "-A" }, /"iptablesAdminChainName"/),
  wrong({ iptablesAdminChainName: "a".repeat(29) }, /"iptablesAdminChainName"/),
  wrong({ firewalldZone: "a zone" }, /"firewalldZone"/),
  wrong({ markBit: 32 }, /"markBit".*0 to 31/),
  { name: "firewalld that does not run", conf: { backend: "firewalld" }, code: 100, msg: /firewalld does not run/ },
];

const taken = (name: string, script: string, msg: RegExp, keys: JsonObject = {}): Bad => ({
  name,
  prepare: ({ bench }) => bench.host.exec("sh", "-ec", script),
  conf: keys,
  code: 7,
  msg,
});

/** What the config asks for that this host cannot do; the values themselves are in src/plugin/overlay/config.test.ts. */
const VXLAN: readonly Bad[] = [
  wrong({ vni: 0 }, /"vni": need an integer from 1 to 16777215/),
  wrong({ mtu: 1451 }, /"mtu": 1451 cannot fit: the largest is 1450/),
  wrong({ local: "2001:db8::1", mtu: 1450, peers: [] }, /the largest is 1430/),
  wrong({ mtu: 1279 }, /too small: IPv6 needs 1280/),
  wrong({ local: "192.0.2.77" }, /no link of this host has the address 192\.0\.2\.77/),
  wrong({ local: "", dev: "up1" }, /there is no link "up1"/),
  wrong({ dev: "lo" }, /link "lo" does not have the address 192\.0\.2\.1/),
  wrong({ local: "" }, /no IPv4 default route/),
  wrong({ local: "", peers: [] }, /no IPv4 or IPv6 default route/),
  wrong({ subnets: [] }, /no subnets in the overlay/),
  wrong({ subnetFile: "/nowhere/subnet.env" }, /does not exist yet/, 11),
  wrong({ subnetFile: "/etc" }, /cannot use subnetFile/),
  wrong({ peersDir: "/nowhere" }, /does not exist yet/, 11),
  wrong({ peersDir: "/etc/passwd" }, /cannot list peersDir/),
  wrong({ hairpinMode: "yes" }, /"hairpinMode"/),
  wrong({ vlan: 5 }, /"vlan": need nothing/),
  wrong({ ipam: "host-local" }, /"ipam"/),
  taken(
    "a link of the device's name",
    "ip link add ov41 type veth peer name x0",
    /"ov41" is already there .* of kind veth/,
  ),
  taken(
    "a VXLAN of the device's name",
    "ip link add ov41 type vxlan id 7 dstport 4789 dev up0",
    /"ov41" is already there .* of kind vxlan, made by another program/,
  ),
  taken(
    "the VNI",
    "ip link add x1 type vxlan id 41 dstport 4789 dev up0",
    /VNI 41 on UDP port 4789 is used by link "x1"/,
  ),
  taken(
    "the port",
    "ip link add x1 type vxlan id 9 dstport 4789 gbp; ip link set x1 addrgenmode none up",
    /UDP port 4789 is used by link "x1", of kind vxlan/,
  ),
  {
    name: "the port, by a process",
    prepare: async ({ bench }) =>
      bench.use(await serve(bench.host, [{ proto: "udp", address: "0.0.0.0", port: 4789 }])),
    code: 7,
    msg: /UDP port 4789 is already used by something else/,
    stays: BRIDGE_STAYS,
  },
];

describe("bad input", () => {
  const gateway = "bridge with a gateway, v4";
  contractTest(`what no plugin accepts, ${FRAME.length} ways`, () => all(gateway, FRAME));
  for (const name of ["loopback", "host-local", "static", "portmap behind bridge, v4", "firewall behind bridge, v4"])
    contractTest(`${name}: what no plugin accepts`, () =>
      all(
        name,
        FRAME.filter((_, i) => i % 4 === 0),
      ),
    );
  for (const name of [gateway, "loopback"])
    contractTest(`${name}: a namespace that is none`, () => all(name, NAMESPACE));
  contractTest(`bridge: ${BRIDGE.length} bad configs`, () => all(gateway, BRIDGE));
  contractTest(`vxlan: ${VXLAN.length} bad configs`, () => all("vxlan on a bridge, v4 and v6", VXLAN));
  contractTest(`bridge: bad ranges`, () => all(gateway, [...HOST_LOCAL, EXHAUSTED]));
  contractTest(`host-local: bad ranges`, () => all("host-local", [...HOST_LOCAL, EXHAUSTED]));

  contractTest(`static: bad addresses`, () =>
    all("static", [
      wrong({ ipam: { type: "static", addresses: [{ address: "10.1.0.5" }] } }, /10\.1\.0\.5/),
      wrong({ ipam: { type: "static", addresses: [{ address: "x" }] } }, /"x"/),
      wrong({ ipam: { type: "static", addresses: "x" } }, /addresses/),
      wrong({ ipam: { type: "static", addresses: [{ address: "10.1.0.5/24", gateway: "y" }] } }, /"y"/),
      { name: "CNI_ARGS with an IP that is none", parameters: { args: "IP=x" }, code: [4, 7], msg: /"x"/ },
    ]),
  );

  for (const [name, rows] of [
    ["portmap", PORTMAP],
    ["firewall", FIREWALL],
  ] as const)
    contractTest(`${name}: ${rows.length} bad configs, behind a bridge that stands`, () =>
      refuseBehindBridge(name, rows),
    );

  async function refuseBehindBridge(plugin: string, rows: readonly Bad[]): Promise<void> {
    await using bench = await makeBench();
    const network = makeNetwork(bench, subject(`${plugin} behind bridge, v4`));
    const { at } = await network.newContainer("one");
    const parameters = { containerId: "one", netns: at.netns, ifName: "eth0" };
    const first = await callPlugin({ command: "ADD", conf: configOf(network, {}, 0), host: bench.host, ...parameters });
    const before = await bench.snapshot();
    for (const { name, conf, code, msg } of rows) {
      const keys = { ...(conf as JsonObject), prevResult: first.json ?? {} };
      const error = expectError(await callRaw(network, "ADD", configOf(network, keys), parameters));
      expect(`${name}: ${error.code}`).toBe(`${name}: ${code}`);
      expect(`${name}: ${error.msg} ${error.details ?? ""}`).toMatch(msg);
      expect({ name, left: leftovers(before, await bench.snapshot(), { stays: [] }) }).toEqual({ name, left: [] });
    }
  }

  contractTest("portmap: a host port held by another attachment is code 11, and names it", async () => {
    await using bench = await makeBench();
    const which = subject("portmap behind bridge, v4 and v6");
    const network = makeNetwork(bench, which);
    const holder = await network.attach("holder");
    const second = await network.newContainer("second");
    const taken = { ...second.at, runtimeConfig: which.runtimeConfig?.(0) ?? {} };
    const parameters = { containerId: "second", netns: taken.netns, ifName: "eth0" };
    const bridge = await callPlugin({
      command: "ADD",
      conf: configOf(network, {}, 0),
      host: bench.host,
      ...parameters,
    });
    const before = await bench.snapshot();
    const conf = configOf(network, { prevResult: bridge.json ?? {}, runtimeConfig: taken.runtimeConfig });
    const error = expectError(await callRaw(network, "ADD", conf, parameters));
    expect(error.code).toBe(11);
    expect(error.msg).toMatch(/tcp .*:8080 .*\bnet holder eth0/);
    expect(error.details).toMatch(/tsnet ports release/);
    expect(leftovers(before, await bench.snapshot(), { stays: [] })).toEqual([]);
    await network.chain.check(holder.at);
    // Once it is gone, the next attempt succeeds.
    await network.chain.del(holder.at);
    expect(await callRaw(network, "ADD", conf, parameters)).toMatchObject({ code: 0 });
  });

  for (const plugin of ["portmap", "firewall"])
    contractTest(`${plugin}: called without a plugin before it`, async () => {
      await using bench = await makeBench();
      const network = makeNetwork(bench, subject(`${plugin} behind bridge, v4`));
      const { at } = await network.newContainer("one");
      const conf = configOf(network, mapping({}));
      const parameters = { containerId: "one", netns: at.netns, ifName: "eth0" };
      expect(expectError(await callRaw(network, "ADD", conf, parameters)).code).toBe(7);
    });
});
