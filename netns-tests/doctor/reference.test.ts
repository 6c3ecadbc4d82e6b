/** Networks of the reference plugins are judged too, and are no fault by being theirs. */
import { expect } from "bun:test";
import { makeSandbox } from "../support/netns.ts";
import { hasReference, REFERENCE_DIR } from "../support/plugin-dirs.ts";
import { lacksCommand, testUnless } from "../support/skip.ts";
import { workplace } from "../tsnet/tsnet.ts";
import { lack, makeLab, type Said, webList } from "./lab.ts";

testUnless(
  [lack, lacksCommand("iptables"), hasReference ? undefined : "the reference plugins are not installed"],
  "doctor reports nothing over networks of the reference plugins, and names what is planted there",
  async () => {
    await using lab = await makeLab();
    await using w = await workplace(lab.host, [REFERENCE_DIR]);
    const ports = JSON.stringify({ portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] });
    await w.network("web", [...webList(w), { type: "firewall" }, { type: "tuning" }], "1.0.0");
    await w.network(
      "line",
      [
        {
          type: "ptp",
          ipMasq: true,
          ipam: { type: "host-local", dataDir: w.leases, subnet: "10.41.0.0/24", routes: [{ dst: "0.0.0.0/0" }] },
        },
        { type: "portmap", capabilities: { portMappings: true } },
      ],
      "1.0.0",
    );
    await w.network(
      "flat",
      [
        {
          type: "macvlan",
          master: "lan0",
          ipam: { type: "host-local", dataDir: w.leases, subnet: "192.0.2.0/24", rangeStart: "192.0.2.50" },
        },
      ],
      "1.0.0",
    );
    const where = ["--data-dir", w.leases, "--conf-dir", w.confDir, "--cache-dir", w.cacheDir];
    const doctor = async (): Promise<Said> => {
      const ran = await w.tsnet(["doctor", "--json", ...where]);
      expect(ran.stderr).toBe("");
      return JSON.parse(ran.stdout) as Said;
    };
    const expectFaults = async (...faults: string[]): Promise<void> => {
      const said = await doctor();
      const shown = said.faults.map(({ fault }) => fault);
      if (shown.join() !== faults.join()) console.log(JSON.stringify(said, undefined, 1));
      expect({ shown, unclear: said.cannot_tell, attachments: said.attachments }).toEqual({
        ...{ shown: faults, unclear: [], attachments: 3 },
      });
    };
    await using c1 = await makeSandbox();
    await using c2 = await makeSandbox();
    await using c3 = await makeSandbox();
    await w.must("cni", "add", "web", c1.path, "--container-id", "c1", "--cap-args", ports);
    await w.must("cni", "add", "line", c2.path, "--container-id", "c2");
    await w.must("cni", "add", "flat", c3.path, "--container-id", "c3");
    for (let run = 0; run < 5; run++) await expectFaults();
    await c1.exec("ip", "route", "del", "default");
    await expectFaults("no-default-route");
    await c1.exec("ip", "route", "add", "default", "via", "10.38.0.1");
    await lab.host.exec("iptables", "-w", "-t", "nat", "-F", "POSTROUTING");
    const said = await doctor();
    expect(new Set(said.faults.map(({ fault }) => fault))).toEqual(new Set(["masquerade-missing"]));
  },
  60_000,
);
