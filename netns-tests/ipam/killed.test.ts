import { describe, expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../support/run.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { addressesOf, confIn, hostLocalSet, leasesIn, randomNumbers } from "./host-local-set.ts";

const soak = process.env["TSNET_SOAK"] === "1";

describe("host-local", () => {
  const rounds = soak ? 100 : 6;
  testUnless(
    lacksRoot,
    `${rounds * 10} ADD and DEL killed at random moments, then DEL and GC leave nothing`,
    async () => {
      using set = hostLocalSet();
      const conf = confIn(set.dataDir, [[{ subnet: "10.1.0.0/26" }], [{ subnet: "fd00::/122" }]]);
      const random = randomNumbers(soak ? Date.now() : 3);
      // How long a whole call takes here bounds the moments worth killing at.
      const start = performance.now();
      expect((await set.call("ours", "ADD", "survivor", conf)).code).toBe(0);
      const wholeMs = Math.ceil(performance.now() - start);
      const survivor = [...leasesIn(set.dataDir)];
      for (let round = 0; round < rounds; round++) {
        const ids = Array.from({ length: 10 }, (_, i) => `r${round}-${i}`);
        await Promise.all(
          ids.map((id, i) => {
            const env = {
              PATH: "/usr/bin:/bin",
              CNI_COMMAND: "ADD",
              CNI_CONTAINERID: id,
              CNI_IFNAME: "eth0",
              CNI_NETNS: "/run/netns/of-no-meaning",
              CNI_PATH: set.dirs.ours,
            };
            // Two thirds of the time is start-up, where there is nothing to break.
            const timeoutMs = i === 0 ? 20_000 : Math.max(1, Math.floor(wholeMs / 3) + random(wholeMs));
            return run([join(set.dirs.ours, "host-local")], { stdin: JSON.stringify(conf), env, timeoutMs });
          }),
        );
        for (const content of leasesIn(set.dataDir).values()) expect(content).toEndWith("\r\neth0");
        const next = await set.call("ours", "ADD", "next", conf);
        expect({ code: next.code, out: next.stdout }).toMatchObject({ code: 0 });
        expect(addressesOf(next).length).toBe(2);
        for (const id of [...ids, "next"]) expect((await set.call("ours", "DEL", id, conf)).code).toBe(0);
        expect([...leasesIn(set.dataDir)]).toEqual(survivor);
      }
      const gcConf = { ...conf, cniVersion: "1.1.0", "cni.dev/valid-attachments": [] };
      expect((await set.call("ours", "GC", "", gcConf)).code).toBe(0);
      expect(leasesIn(set.dataDir).size).toBe(0);
      expect(readdirSync(join(set.dataDir, "net")).sort()).toEqual([
        "last_reserved_ip.0",
        "last_reserved_ip.1",
        "lock",
      ]);
      const records = join(set.dataDir, ".tsnet/net/records");
      expect(existsSync(records) ? readdirSync(records) : []).toEqual([]);
    },
    soak ? 1_800_000 : 120_000,
  );

  testUnless(
    [lacksRoot, lacksCommand("unshare", "mount")],
    "STATUS answers 50 for a read-only data folder, and success once it can be written",
    async () => {
      using set = hostLocalSet();
      mkdirSync(set.dataDir);
      const conf = { ...confIn(set.dataDir, [[{ subnet: "10.1.0.0/24" }]]), cniVersion: "1.1.0" };
      expect(await set.call("ours", "STATUS", "", conf)).toMatchObject({ code: 0, stdout: "" });
      expect(readdirSync(set.dataDir)).toEqual([]);
      const script = `mount --bind ${set.dataDir} ${set.dataDir} && mount -o remount,bind,ro ${set.dataDir} && exec ${join(set.dirs.ours, "host-local")}`;
      const answer = await run(["unshare", "--mount", "sh", "-c", script], {
        stdin: JSON.stringify(conf),
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", CNI_COMMAND: "STATUS", CNI_PATH: set.dirs.ours },
      });
      expect(answer.code).toBe(1);
      expect(JSON.parse(answer.stdout)).toMatchObject({ code: 50, msg: `Cannot write leases to "${set.dataDir}/net"` });
    },
    30_000,
  );

  testUnless(
    lacksRoot,
    "a lock that is held too long is code 11 and names its holder",
    async () => {
      using set = hostLocalSet();
      const conf = confIn(set.dataDir, [[{ subnet: "10.1.0.0/24" }]]);
      expect((await set.call("ours", "ADD", "a", conf)).code).toBe(0);
      const lock = join(set.dataDir, "net/lock");
      const ready = join(set.dataDir, "ready");
      const holder = Bun.spawn(["flock", "--no-fork", lock, "sh", "-c", `: > ${ready}; exec sleep 30`]);
      try {
        while (!existsSync(ready)) await Bun.sleep(10);
        const ipam = { ...(conf["ipam"] as object), lockTimeoutMs: 100 };
        const answer = await set.call("ours", "ADD", "b", { ...conf, ipam });
        expect(answer.code).toBe(1);
        expect(answer.json).toMatchObject({ code: 11, msg: 'Cannot lock the leases of network "net" within 100 ms' });
        expect(String(answer.json?.["details"])).toContain(`${lock} is held by process ${holder.pid} (`);
      } finally {
        holder.kill("SIGKILL");
        await holder.exited;
      }
    },
    30_000,
  );

  testUnless(
    lacksRoot,
    "networks whose names begin alike do not mix",
    async () => {
      using set = hostLocalSet();
      const ranges = [[{ subnet: "10.1.0.0/24" }]];
      for (const network of ["a", "a-b", "a_b"])
        expect((await set.call("ours", "ADD", "cid", confIn(set.dataDir, ranges, network))).code).toBe(0);
      writeFileSync(join(set.dataDir, "a/10.1.0.9"), "old-form");
      const gc = { ...confIn(set.dataDir, ranges, "a"), cniVersion: "1.1.0", "cni.dev/valid-attachments": null };
      expect((await set.call("ours", "GC", "", gc)).code).toBe(0);
      expect(["a", "a-b", "a_b"].map((network) => leasesIn(set.dataDir, network).size)).toEqual([0, 1, 1]);
      const { "cni.dev/valid-attachments": _, ...without } = gc;
      const refused = await set.call("ours", "GC", "", { ...without, name: "a-b" });
      expect(refused.json).toMatchObject({ code: 7 });
      expect(leasesIn(set.dataDir, "a-b").size).toBe(1);
    },
    30_000,
  );
});
