import { describe, expect, test } from "bun:test";
import type { AttachmentRequest, CniResult, JsonObject, NetworkConfig } from "../../src/cni/types.ts";
import { hostEnd } from "../../src/plugin/nat/port-keys.ts";
import { type PortmapConf, parse } from "./config.ts";
import { containerAddresses, hostPortsOf, publicationsOf } from "./publications.ts";

const result: CniResult = {
  interfaces: [
    { name: "br0" },
    { name: "eth0" },
    { name: "eth0", sandbox: "/run/netns/c" },
    { name: "eth1", sandbox: "/x" },
  ],
  ips: [
    { address: "10.9.0.1/16", interface: 1 },
    { address: "10.1.0.5/16", interface: 2 },
    { address: "10.1.0.6/16", interface: 2 },
    { address: "10.3.0.5/16", interface: 3 },
    { address: "fd00:1::5/64", interface: 2 },
  ],
};

function config(raw: JsonObject, lenient = false): PortmapConf {
  const conf: NetworkConfig = { cniVersion: "1.1.0", name: "net", type: "portmap", prevResult: result, raw };
  return parse(conf, { lenient });
}

const withPorts = (...portMappings: JsonObject[]): JsonObject => ({ runtimeConfig: { portMappings } });
const request = (conf: PortmapConf): AttachmentRequest<PortmapConf> => ({
  conf,
  containerId: "c",
  ifName: "eth0",
  netns: "/run/netns/c",
  args: "",
});
const published = (conf: PortmapConf) =>
  publicationsOf(request(conf), containerAddresses(result, "eth0")).map((p) => `${hostEnd(p)} ${p.targetPort}`);

describe("config", () => {
  test("defaults", () => {
    expect(config({})).toMatchObject({ snat: true, masqAll: false, mappings: undefined, ignored: [] });
    expect(config({ conditionsV4: [], backend: "nftables" })).toMatchObject({
      conditions: { 4: [], 6: [] },
      ignored: [],
    });
  });

  test("mappings in any case and with defaults", () => {
    const conf = config({ RuntimeConfig: { PortMappings: [{ HostPort: 80, containerport: 8080, protocol: "UDP" }] } });
    expect(conf.mappings).toEqual([{ protocol: "udp", hostPort: 80, containerPort: 8080, hostIp: undefined }]);
    expect(config(withPorts({ hostPort: 1, containerPort: 2, hostIP: "" })).mappings?.[0]?.protocol).toBe("tcp");
  });

  test("a lenient reader passes over what is wrong", () => {
    const wrong = withPorts(
      { hostPort: 0 },
      { hostPort: 80, containerPort: "x" },
      { hostPort: 81, hostIP: "?" },
      { hostPort: 82, protocol: "icmp" },
    );
    expect(config({ ...wrong, conditionsV4: ["--nonsense"], snat: 5, backend: "x" }, true).mappings).toEqual([
      { protocol: "tcp", hostPort: 80, containerPort: 0, hostIp: undefined },
    ]);
    expect(() => config(wrong)).toThrow("hostPort");
  });
});

describe("publications", () => {
  test("the container's addresses are those of its interface in the sandbox, the first of each family", () => {
    const found = containerAddresses(result, "eth0");
    expect([found[4]?.ip.value, found[4]?.prefixLen]).toEqual([0x0a_01_00_05n, 16]);
    expect(found[6]?.prefixLen).toBe(64);
    expect(containerAddresses({ ips: [{ address: "10.5.0.1/24" }, { address: "?" }] }, "eth0")[4]?.prefixLen).toBe(24);
    expect(containerAddresses({}, "eth0")).toEqual({});
  });

  test("families follow the host's address", () => {
    const mapping = (hostIP?: string): JsonObject => ({ hostPort: 80, containerPort: 8080, ...(hostIP && { hostIP }) });
    expect(published(config(withPorts(mapping())))).toEqual(["tcp 0.0.0.0:80 8080", "tcp [::]:80 8080"]);
    expect(published(config(withPorts(mapping("0.0.0.0"))))).toEqual(["tcp 0.0.0.0:80 8080"]);
    expect(published(config(withPorts(mapping("::"))))).toEqual(["tcp [::]:80 8080"]);
    expect(published(config(withPorts(mapping("192.0.2.1"))))).toEqual(["tcp 192.0.2.1:80 8080"]);
    expect(published(config(withPorts(mapping("2001:DB8::1"))))).toEqual(["tcp [2001:db8::1]:80 8080"]);
    expect(published(config(withPorts(mapping("::ffff:192.0.2.1"))))).toEqual(["tcp 192.0.2.1:80 8080"]);
  });

  test("the same twice is once, two targets are refused", () => {
    const one = { hostPort: 80, containerPort: 8080 };
    expect(published(config(withPorts(one, one)))).toHaveLength(2);
    expect(() => published(config(withPorts(one, { ...one, containerPort: 81 })))).toThrow("8080 and 81");
    expect(published(config(withPorts(one, { ...one, protocol: "udp", containerPort: 81 })))).toHaveLength(4);
    expect(published(config(withPorts(one, { ...one, hostIP: "127.0.0.1", containerPort: 81 })))).toHaveLength(3);
  });

  test("masquerading and guards", () => {
    const of = (raw: JsonObject) =>
      publicationsOf(
        request(config({ ...withPorts({ hostPort: 80, containerPort: 80 }), ...raw })),
        containerAddresses(result, "eth0"),
      );
    expect(of({}).map((p) => p.hairpin?.about)).toEqual(["masquerade from 10.1.0.0/16", "masquerade from fd00:1::/64"]);
    expect(of({}).map((p) => p.guard)).toEqual([undefined, undefined]);
    expect(of({ snat: false }).map((p) => p.hairpin)).toEqual([undefined, undefined]);
    expect(of({ masqAll: true }).map((p) => p.hairpin?.about)).toEqual(["masquerade all", "masquerade all"]);
    const guards = of({ conditionsV6: ["-i", "eth0"] }).map((p) => p.guard);
    expect(guards[0]).toBeUndefined();
    expect(guards[1]?.rules.map((rule) => rule.comment)).toEqual(["iif eth0", "not published for others"]);
    // The same conditions are one chain, others another one.
    expect(of({ conditionsV6: ["iifname", "eth0"] })[1]?.guard?.name).toBe(guards[1]?.name);
    expect(of({ conditionsV6: ["iifname", "eth1"] })[1]?.guard?.name).not.toBe(guards[1]?.name);
  });

  test("DEL looks where ADD of either family put it", () => {
    const { mappings } = config(withPorts({ hostPort: 80 }, { hostPort: 81, hostIP: "::1", protocol: "udp" }), true);
    expect(hostPortsOf(mappings ?? []).map(hostEnd)).toEqual(["tcp 0.0.0.0:80", "tcp [::]:80", "udp [::1]:81"]);
  });
});
