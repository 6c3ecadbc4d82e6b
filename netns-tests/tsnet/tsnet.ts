import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { JsonObject } from "../../src/cni/types.ts";
import type { Place } from "../support/place.ts";
import { OURS_DIR } from "../support/plugin-dirs.ts";
import type { Ran, RunOptions } from "../support/run.ts";
import { type Lack, lacksCommand, lacksRoot } from "../support/skip.ts";

/** The command as the build leaves it. */
export const TSNET = join(import.meta.dir, "../../dist/bin/tsnet");

export const lacksTsnet: Lack =
  lacksRoot ??
  lacksCommand("ip", "nft", "nsenter", "unshare", "gcc") ??
  (existsSync(TSNET) ? undefined : "dist/bin/tsnet is not built (npm run build)");

/** A command line that runs the command as nobody, who may not be able to look into the folder of the build. */
export const asNobody = (...args: readonly string[]): string[] => [
  ...["unshare", "--mount", "sh", "-ec"],
  'mount --bind "$1" /mnt; shift; exec setpriv --reuid=65534 --clear-groups /mnt/tsnet "$@"',
  ...["sh", dirname(TSNET), ...args],
];

export interface Workplace extends AsyncDisposable {
  readonly host: Place;
  readonly folder: string;
  readonly confDir: string;
  readonly cacheDir: string;
  readonly leases: string;
  /** Writes a list of that name. */
  network(name: string, plugins: readonly JsonObject[], cniVersion?: string): Promise<void>;
  /** The command with configurations, cache and plugins of this test. */
  tsnet(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Must succeed; its stdout. */
  must(...args: string[]): Promise<string>;
  /** Names of the cache's files. */
  remembered(): Promise<string[]>;
}

/** Folders of the test's own around a namespace that plays the host. */
export async function workplace(host: Place, pluginPath: readonly string[] = [OURS_DIR ?? ""]): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), "tsnet-command-"));
  const [confDir, cacheDir] = [join(folder, "net.d"), join(folder, "cache")];
  const env = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    NETCONFPATH: confDir,
    // The first for plugins that a test makes.
    CNI_PATH: [join(folder, "bin"), ...pluginPath].join(":"),
  };
  const withCache = (args: readonly string[]): readonly string[] =>
    args[0] === "cni" || args[0] === "repair" ? [...args, "--cache-dir", cacheDir] : args;
  const tsnet = (args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    host.run([TSNET, ...withCache(args)], { ...options, env: { ...env, ...options.env } });
  return {
    host,
    folder,
    confDir,
    cacheDir,
    leases: join(folder, "leases"),
    network: async (name, plugins, cniVersion = "1.1.0") => {
      await Bun.write(join(confDir, `${name}.conflist`), JSON.stringify({ name, cniVersion, plugins }));
    },
    tsnet,
    must: async (...args) => {
      const ran = await tsnet(args);
      if (ran.code !== 0) throw new Error(`tsnet ${args.join(" ")}: exit ${ran.code}\n${ran.stderr}${ran.stdout}`);
      return ran.stdout;
    },
    remembered: async () =>
      existsSync(join(cacheDir, "results")) ? (await readdir(join(cacheDir, "results"))).sort() : [],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A bridge with leases in the workplace's folder, and ports by capability. */
export const bridgeList = (w: Pick<Workplace, "leases">, subnets: readonly string[]): JsonObject[] => [
  {
    type: "bridge",
    bridge: "br0",
    isDefaultGateway: true,
    ipMasq: true,
    ipam: { type: "host-local", dataDir: w.leases, ranges: subnets.map((subnet) => [{ subnet }]) },
  },
  { type: "portmap", capabilities: { portMappings: true } },
];

/** Capability arguments that publish TCP and UDP of a port. */
export const published = (hostPort: number, containerPort: number): string =>
  JSON.stringify({ portMappings: ["tcp", "udp"].map((protocol) => ({ hostPort, containerPort, protocol })) });
