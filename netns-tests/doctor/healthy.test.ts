/** A healthy host over all kinds of networks: nothing is reported, however often it is asked, and looking changes nothing. */
import { expect } from "bun:test";
import { testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { lack, makeLab, webList } from "./lab.ts";
import { probed } from "./probe-lab.ts";

const RUNS = 50;

testUnless(
  lack,
  `doctor reports nothing on a healthy host with every kind of network, ${RUNS} times, while containers come and go`,
  async () => {
    await using lab = await makeLab();
    const { w } = lab;
    const leases = (subnet: string, more = {}) => ({ type: "host-local", dataDir: w.leases, subnet, ...more });
    const published = [
      { hostPort: 8080, containerPort: 80, protocol: "tcp" },
      { hostPort: 8053, containerPort: 53, protocol: "udp" },
      { hostPort: 8081, containerPort: 80, protocol: "tcp", hostIP: "192.0.2.1" },
      { hostPort: 8082, containerPort: 80, protocol: "tcp", hostIP: "127.0.0.1" },
    ];
    await w.network("web", [...webList(w), { type: "firewall" }]);
    await w.network("apart", [
      { ...webList(w)[0], bridge: "br2", macspoofchk: true, portIsolation: true, ipam: leases("10.40.0.0/24") },
      { type: "portmap", capabilities: { portMappings: true }, conditionsV4: ["-s", "192.0.2.0/24"] },
      { type: "firewall", ingressPolicy: "same-bridge" },
      {
        type: "bandwidth",
        ingressRate: 80_000_000,
        ingressBurst: 800_000,
        egressRate: 80_000_000,
        egressBurst: 800_000,
      },
    ]);
    await w.network("layer2", [{ type: "bridge", bridge: "br3" }]);
    await w.network("line", [
      { type: "ptp", ipMasq: true, ipam: leases("10.41.0.0/24", { routes: [{ dst: "0.0.0.0/0" }] }) },
      { type: "portmap", capabilities: { portMappings: true } },
    ]);
    await w.network("flat", [
      { type: "macvlan", master: "lan0", ipam: leases("192.0.2.0/24", { rangeStart: "192.0.2.50" }) },
      { type: "tuning", sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" } },
    ]);
    await w.network("blue", [
      {
        type: "vxlan",
        vni: 42,
        ipMasq: true,
        ipam: { type: "host-local", dataDir: w.leases },
        peers: [
          { address: "192.0.2.1", subnets: ["10.244.1.0/24", "fd00:244:1::/64"] },
          { address: "192.0.2.2", subnets: ["10.244.2.0/24", "fd00:244:2::/64"] },
        ],
      },
    ]);
    const c1 = await lab.add("web", "c1", { ports: published });
    await lab.add("web", "c2");
    await lab.add("apart", "c3", { ports: [{ hostPort: 8090, containerPort: 80, protocol: "tcp" }] });
    await lab.add("apart", "c4");
    await lab.add("layer2", "c5");
    await lab.add("line", "c6", { ports: [{ hostPort: 8091, containerPort: 80, protocol: "tcp" }] });
    await lab.add("flat", "c7");
    await lab.add("blue", "c8");
    await lab.add("line", "c1", { netns: c1, ifName: "eth1" });
    const before = await snapshot(lab.host, { folders: [w.folder] });
    const human = await w.tsnet(["doctor", "--data-dir", w.leases, "--conf-dir", w.confDir, "--cache-dir", w.cacheDir]);
    expect(human).toMatchObject({ code: 0, stdout: "no fault found; 9 attachments looked at\n", stderr: "" });
    for (let run = 0; run < RUNS; run++) {
      await lab.expectFaults();
      if (run % 10 !== 9) continue;
      const network = ["web", "line", "blue"][run % 3] ?? "web";
      const extra = await lab.add(network, `extra${run}`);
      await lab.expectFaults();
      await w.must("cni", "del", network, extra.path, "--container-id", `extra${run}`);
    }
    const ignore = [/last_reserved_ip|\.tsnet|\/lock/, /netns t/, /neigh/];
    expect(diff(before, await snapshot(lab.host, { folders: [w.folder] }), { ignore })).toEqual([]);
    // Nor with packets: the overlay's other host does not answer, which is its own fault.
    await probed(lab, []);
  },
  120_000,
);

testUnless(
  lack,
  "doctor of one network or container says only what concerns it, and refuses names of nothing",
  async () => {
    await using lab = await makeLab();
    await lab.w.network("web", webList(lab.w));
    await lab.w.network("line", [
      { type: "ptp", ipam: { type: "host-local", dataDir: lab.w.leases, subnet: "10.41.0.0/24" } },
    ]);
    const c1 = await lab.add("web", "c1");
    const c2 = await lab.add("line", "c2");
    await c1.exec("ip", "route", "del", "default");
    const names = async (...args: string[]): Promise<string[]> =>
      (await lab.doctor(...args)).faults.map(({ fault }) => fault);
    expect(await names("web")).toEqual(["no-default-route"]);
    expect(await names("line")).toEqual([]);
    expect(await names(c1.name)).toEqual(["no-default-route"]);
    expect(await names(c2.path)).toEqual([]);
    const ran = await lab.w.tsnet(["doctor", "nobody"]);
    expect({ code: ran.code, out: ran.stdout }).toEqual({ code: 1, out: "" });
    expect(ran.stderr).toContain('is called "nobody"');
  },
);
