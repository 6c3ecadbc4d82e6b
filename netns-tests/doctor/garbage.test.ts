/** State files of garbage, namespaces that die while they are read, no rights, rule sets and tables of thousands. */
import { expect } from "bun:test";
import { mkdir, symlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { makeSandbox } from "../support/netns.ts";
import type { Place } from "../support/place.ts";
import { testUnless } from "../support/skip.ts";
import { asNobody } from "../tsnet/tsnet.ts";
import { lack, makeWebLab, type WebLab } from "./lab.ts";

/** In text, with what it says on standard error; never a stack trace. */
async function doctor({ w }: WebLab, ...args: string[]) {
  const ran = await w.tsnet([
    "doctor",
    "--data-dir",
    w.leases,
    "--conf-dir",
    w.confDir,
    "--cache-dir",
    w.cacheDir,
    ...args,
  ]);
  expect([0, 1]).toContain(ran.code);
  expect(ran.stdout + ran.stderr).not.toMatch(/TypeError|RangeError|SyntaxError|^ +at /m);
  return ran;
}

testUnless(
  lack,
  "doctor goes on over garbage in caches, leases and configurations, and says what it could not understand",
  async () => {
    await using lab = await makeWebLab();
    const { w } = lab;
    const results = join(w.cacheDir, "results");
    const cached = await Bun.file(join(results, "web-c1-eth0")).json();
    const put = (id: string, more: object): Promise<number> =>
      Bun.write(join(results, `web-${id}-eth0`), JSON.stringify({ ...cached, containerId: id, ...more }));
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    await put("g1", { netns: "/etc/passwd" });
    await put("g2", {
      netns: lab.c2.path,
      result: { cniVersion: "1.0.0", ips: "many", interfaces: [null, 5], routes: {} },
    });
    await put("g3", { netns: lab.c2.path, config: base64("\u0000{") });
    await put("g4", { netns: lab.c2.path, config: "*no base64*" });
    await put("g5", {
      netns: lab.c2.path,
      config: base64('{"name":"web","cniVersion":"1.0.0","plugins":[{"type":5}]}'),
    });
    await put("g6", {
      netns: lab.c2.path,
      capabilityArgs: { portMappings: [null, "x", { hostPort: -1 }, { hostPort: 1e99, containerPort: "a" }] },
    });
    await put("g7", {
      netns: lab.c2.path,
      result: { cniVersion: "1.0.0", ips: [{ address: "x/33" }, { address: "10.38.0.3/24", gateway: "no" }] },
    });
    await put("g8", { netns: lab.c2.path, ifName: "../../x" });
    await Bun.write(join(results, "empty"), "");
    await Bun.write(join(results, "cut"), '{"kind":"cniCacheV1",');
    await Bun.write(join(results, "deep"), "[".repeat(100_000));
    await mkdir(join(results, "folder"));
    await symlink("/dev/zero", join(results, "zero"));
    await lab.host.exec(
      "mkfifo",
      join(results, "fifo"),
      join(w.leases, "web", "10.38.0.202"),
      join(w.confDir, "fifo.conflist"),
    );
    const leases = join(w.leases, "web");
    await Bun.write(join(leases, "10.38.0.200"), new Uint8Array(3_000_000).fill(255));
    await mkdir(join(leases, "10.38.0.201"));
    await symlink("loop", join(leases, "10.38.0.203"));
    await Bun.write(join(leases, "last_reserved_ip.0"), "\u0000\u0001");
    const before = new Date(Date.now() - 600_000);
    await utimes(join(leases, "10.38.0.200"), before, before);
    await mkdir(join(w.confDir, "folder.conflist"));
    await Bun.write(join(w.confDir, "bytes.conflist"), new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]));
    await Bun.write(join(w.confDir, "deep.conflist"), '{"name":'.repeat(50_000));
    await lab.c1.exec("ip", "route", "del", "default");
    const { code, stdout, stderr } = await doctor(lab);
    expect(code).toBe(1);
    // The rest is still judged.
    expect(stdout).toContain("no-default-route: web c1 eth0 has no IPv4 default route");
    for (const file of ["bytes.conflist", "deep.conflist"]) expect(stdout).toContain(file);
    expect(stderr).toContain("is no attachment in libcni's form");
    for (const id of ["g2", "g3", "g5"])
      expect(stderr).toMatch(new RegExp(`^tsnet: web ${id} eth0: is not judged: `, "m"));
    expect(stderr).toMatch(/has \d+ more such files/);
  },
);

testUnless(
  lack,
  "doctor bears namespaces and attachments that come and die while it reads, and still names what is wrong",
  async () => {
    await using lab = await makeWebLab();
    await lab.c1.exec("ip", "route", "del", "default");
    let over = false;
    const churn = (async () => {
      for (let i = 0; !over; i++) {
        await using sandbox = await makeSandbox();
        await lab.add("web", `churn${i}`, { netns: sandbox });
        // Killed: its namespace goes without a DEL, and what it was remembered by a moment later.
        await sandbox[Symbol.asyncDispose]();
        await lab.w.tsnet(["cni", "del", "web", sandbox.path, "--container-id", `churn${i}`]);
      }
    })();
    try {
      for (let run = 0; run < 8; run++) expect((await doctor(lab)).stdout).toContain("no-default-route: web c1 eth0");
    } finally {
      over = true;
      await churn;
    }
  },
);

testUnless(lack, "doctor without rights says so, and shows no stack trace", async () => {
  await using lab = await makeWebLab();
  const ran = await lab.host.run([...asNobody("doctor", "--cache-dir", lab.w.cacheDir, "--conf-dir", lab.w.confDir)]);
  expect(ran.stdout + ran.stderr).not.toMatch(/TypeError|^ +at /m);
  expect(ran.stderr).toContain("root");
});

testUnless(
  lack,
  "doctor judges rule sets of 10,000 rules, thousands of addresses and routes within a command's usual time",
  async () => {
    await using lab = await makeWebLab();
    const many = Array.from({ length: 10_000 }, (_, i) => `${i >> 8}.${i & 255}`);
    const load = async (place: Place, command: string[], lines: readonly string[]): Promise<void> => {
      const ran = await place.run(command, { stdin: `${lines.join("\n")}\n`, timeoutMs: 60_000 });
      if (ran.code !== 0) throw new Error(ran.stderr);
    };
    await load(
      lab.host,
      ["nft", "-f", "-"],
      [
        "table ip big {",
        "chain crossing { type filter hook forward priority 0; policy accept;",
        ...many.map((low) => `ip saddr 172.16.${low} tcp dport 80 drop`),
        "}",
        "}",
      ],
    );
    const batch = ["ip", "-batch", "-"];
    await load(
      lab.host,
      batch,
      many.slice(0, 3_000).map((low) => `addr add 172.18.${low}/32 dev lo`),
    );
    await load(
      lab.host,
      batch,
      many.map((low) => `route add 172.17.${low}/32 dev lan0`),
    );
    await load(
      lab.c2,
      batch,
      many.slice(0, 2_000).map((low) => `addr add 172.19.${low}/32 dev eth0`),
    );
    await lab.expectFaults();
    await load(lab.host, ["nft", "-f", "-"], ["add rule ip big crossing ip saddr 10.38.0.2 drop"]);
    await lab.expectFaults("rule-drops");
  },
);
