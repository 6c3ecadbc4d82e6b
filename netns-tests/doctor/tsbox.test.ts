/** tsbox's containers, whose attachments and leases are in its own folders, are looked at as those of other runtimes. */
import { expect } from "bun:test";
import { connect, makeNetns } from "../support/netns.ts";
import { testUnless } from "../support/skip.ts";
import { lacks, makeLab } from "../tsbox/lab.ts";
import { lacksTsnet, TSNET } from "../tsnet/tsnet.ts";
import { nameServer } from "./inhabitants.ts";
import type { Said } from "./lab.ts";

testUnless(
  [...lacks, lacksTsnet],
  "doctor reports nothing over tsbox's networks while containers come and go, and names what is planted there",
  async () => {
    await using lab = await makeLab();
    await using neighbour = await makeNetns();
    await connect(lab.host.network, "lan0", ["192.0.2.1/24"], neighbour, "eth0", ["192.0.2.2/24"]);
    await lab.host.exec("ip", "route", "add", "default", "via", "192.0.2.2");
    const doctor = async (...args: string[]): Promise<Said> => {
      const ran = await lab.host.run([TSNET, "doctor", "--json", ...args]);
      expect(ran.stderr).toBe("");
      return { code: ran.code, ...JSON.parse(ran.stdout) };
    };
    const names = ({ faults }: Said): string[] => faults.map(({ fault }) => fault);
    const healthy = async (attachments: number): Promise<void> => {
      const said = await doctor();
      if (said.faults.length > 0) console.log(JSON.stringify(said, undefined, 1));
      expect({ attachments: said.attachments, faults: names(said), unclear: said.cannot_tell }).toEqual({
        ...{ attachments, faults: [], unclear: [] },
      });
    };
    await lab.ok("run", "-d", "--name", "web", "-p", "8080:80", "box", "sleep", "600");
    for (let run = 0; run < 6; run++) {
      await healthy(1);
      await lab.ok("run", "-d", "--name", `more${run}`, "-p", "53/udp", "box", "sleep", "600");
      await healthy(2);
      await lab.ok("rm", "-f", `more${run}`);
    }
    // One that has ended by itself has nothing left to look at.
    await lab.ok("run", "--name", "short", "box", "true");
    await healthy(1);

    const inside = ["nsenter", `--net=/proc/${await lab.pidOf("web")}/ns/net`, "--"];
    await lab.host.exec(...inside, "ip", "route", "del", "default");
    const routeless = await doctor("web");
    expect(names(routeless)).toEqual(["no-default-route"]);
    expect(routeless.faults[0]?.sentence).toStartWith("tsbox ");
    const [own] = JSON.parse(await lab.host.exec(...inside, "ip", "-j", "-4", "addr", "show", "eth0")) as {
      addr_info: { local: string }[];
    }[];
    const address = own?.addr_info[0]?.local ?? "";
    await lab.host.exec(...inside, "ip", "route", "add", "default", "via", "10.86.0.1");
    await lab.host.exec("rm", `/var/lib/tsbox/leases/tsbox/${address}`);
    expect(names(await doctor())).toEqual(["attachment-without-lease"]);
    await lab.host.exec(
      "sh",
      "-c",
      `printf '%s\\r\\neth0' "$(ls /run/tsbox/netns)" >/var/lib/tsbox/leases/tsbox/${address}`,
    );
    await healthy(1);
    await lab.host.exec("nft", "delete", "element", "inet", "tsnet", "ports4", "{ tcp . 8080 }");
    expect(names(await doctor())).toEqual(["published-missing"]);
    await doctor("--fix");
    await healthy(1);

    // Its own resolv.conf, beneath a root of its own.
    await Bun.write(`${lab.folder}/resolv.conf`, "nameserver 192.0.2.2\n");
    await lab.ok(
      "run",
      "-d",
      "--name",
      "asks",
      "-v",
      `${lab.folder}/resolv.conf:/etc/resolv.conf`,
      "box",
      "sleep",
      "600",
    );
    {
      await using _ = await nameServer(neighbour, "192.0.2.2");
      expect(names(await doctor("asks", "--probe"))).toEqual([]);
    }
    const silent = await doctor("asks", "--probe");
    expect(names(silent)).toEqual(["name-server-silent"]);
    expect(silent.faults[0]?.evidence[0]).toContain('"nameserver 192.0.2.2" in /etc/resolv.conf of tsbox');
  },
  120_000,
);
