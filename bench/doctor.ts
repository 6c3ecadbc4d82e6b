/**
 * `tsnet doctor` with 10, 100 and 1,000 containers on a bridge with masquerading, leases and a published port each: whole
 * processes, time, processor time and memory. `ns ls` of the same host stands beside it, which finds the namespaces and says nothing of them.
 * Linear or better is the aim: the last line gives processor time for each container. Needs root. `bench/doctor.ts [rounds]`
 */
import { join } from "node:path";
import { loadNative } from "../native/load.ts";
import { addNetwork } from "../src/cni/runtime/chain.ts";
import { parseNetworkList } from "../src/cni/runtime/config-list.ts";
import { nativeExec } from "../src/cni/runtime/spawn.ts";
import type { JsonObject } from "../src/cni/types.ts";
import { withFolder } from "./support/side-by-side.ts";
import { compareIn, inOwnSpace, must, once } from "./support/whole.ts";

const TSNET = join(import.meta.dir, "../dist/bin/tsnet");
const ROUNDS = Number(process.argv[2] ?? 5);

inOwnSpace();
const native = loadNative();
const compare = compareIn(ROUNDS);

const plugins = (leases: string): JsonObject[] => [
  {
    type: "bridge",
    bridge: "br0",
    isDefaultGateway: true,
    ipMasq: true,
    ipam: { type: "host-local", dataDir: leases, ranges: [[{ subnet: "10.64.0.0/16" }], [{ subnet: "fd64::/112" }]] },
  },
  { type: "portmap", capabilities: { portMappings: true } },
];

await withFolder(async (folder) => {
  must(["ip", "link", "add", "lan0", "up", "type", "veth", "peer", "name", "lan1"]);
  must(["ip", "link", "set", "lan1", "up"]);
  must(["ip", "addr", "add", "192.0.2.1/24", "dev", "lan0"]);
  must(["ip", "route", "add", "default", "via", "192.0.2.2"]);
  const [leases, confDir, cacheDir] = [`${folder}/leases`, `${folder}/net.d`, `${folder}/cache`];
  const text = JSON.stringify({ name: "web", cniVersion: "1.1.0", plugins: plugins(leases) });
  await Bun.write(`${confDir}/web.conflist`, text);
  const list = parseNetworkList(new TextEncoder().encode(text));
  const cniPath = [join(import.meta.dir, "../dist/cni")];
  const host = {
    files: native,
    exec: nativeExec(native, "here"),
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    cwd: "/",
    forwardStderr: () => {},
    sleep: (ms: number) => Bun.sleep(ms),
  };
  const where = ["--data-dir", leases, "--conf-dir", confDir, "--cache-dir", cacheDir, "--cni-path", ...cniPath];
  const doctor = [TSNET, "doctor", ...where];
  const each: string[] = [];
  let made = 0;
  for (const count of [10, 100, 1_000]) {
    for (; made < count; made++) {
      must(["ip", "netns", "add", `n${made}`]);
      const port = { hostPort: 10_000 + made, containerPort: 80, protocol: "tcp" };
      await addNetwork({ host, cniPath, cacheDir }, list, {
        containerId: `c${made}`,
        netns: `/run/netns/n${made}`,
        ifName: "eth0",
        args: [],
        capabilityArgs: { portMappings: [port] },
      });
    }
    compare(`${count} containers`, {
      "tsnet doctor": doctor,
      "tsnet doctor --json": [...doctor, "--json"],
      "tsnet ns ls": [TSNET, "ns", "ls"],
    });
    each.push(
      `${count}: ${(Math.min(...Array.from({ length: ROUNDS }, () => once(doctor).cpuMs)) / count).toFixed(2)}`,
    );
  }
  console.log(`processor time for each container, ms, of | ${each.join(" | ")}`);
});
