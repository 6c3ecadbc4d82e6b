/** What needs the machine's first namespace, or xtables modules: a full table of connections, rules of legacy iptables. */
import { expect } from "bun:test";
import { netnsAt } from "../support/place.ts";
import { lacksCommand, lacksFile, testUnless } from "../support/skip.ts";
import { reaches, serveAll } from "../support/traffic.ts";
import { lack, makeWebLab } from "./lab.ts";

/** scripts/vm/init */
const FIRST = "/run/vm/netns";
const SLOW_MS = 120_000;

testUnless(
  [lack, lacksFile(FIRST), lacksCommand("sysctl", "iptables-legacy")],
  "doctor names conntrack-full when new connections are dropped, and cannot tell what legacy iptables does",
  async () => {
    await using lab = await makeWebLab();
    const first = netnsAt(FIRST);
    const MAX = "net.netfilter.nf_conntrack_max";
    const before = (await first.exec("sysctl", "-n", MAX)).trim();
    await using _ = await serveAll(lab.neighbour, 7000);
    const asks = (): Promise<boolean> => reaches(lab.c1, "tcp", "192.0.2.2", 7000, { timeoutMs: 3_000 });
    expect(await asks()).toBe(true);
    await lab.expectFaults();
    const used = Number(await lab.host.exec("sysctl", "-n", "net.netfilter.nf_conntrack_count"));
    expect(used).toBeGreaterThan(0);
    try {
      await first.exec("sysctl", "-qw", `${MAX}=${used}`);
      const said = await lab.expectFaults("conntrack-full");
      expect(said.faults[0]?.sentence).toContain(` of ${used}`);
      expect(await asks()).toBe(false);
    } finally {
      await first.exec("sysctl", "-qw", `${MAX}=${before}`);
    }
    await lab.host.exec("iptables-legacy", "-A", "FORWARD", "-s", "10.99.0.0/16", "-j", "DROP");
    const said = await lab.doctor();
    expect({ code: said.code, faults: said.faults }).toEqual({ code: 0, faults: [] });
    expect(said.cannot_tell.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/legacy iptables .* tables filter/),
    ]);
  },
  SLOW_MS,
);
