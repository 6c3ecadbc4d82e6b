import { existsSync, readFileSync } from "node:fs";
import { peerPath } from "../support/peer.ts";
import { netnsAt, type Place } from "../support/place.ts";
import type { PrivateHost } from "../support/private-host.ts";
import { randomName } from "../support/run.ts";

/** A container's network namespace on a private host. It ends with the host. */
export interface Sandbox {
  /** What a runtime on that host puts into CNI_NETNS. */
  readonly netns: string;
  /** The namespace as the test reaches it. */
  readonly place: Place;
}

/** `ip netns add`: a bind mount below /run/netns. */
export async function namedSandbox(host: PrivateHost): Promise<Sandbox> {
  const name = randomName("t");
  await host.exec("ip", "netns", "add", name);
  const netns = `/run/netns/${name}`;
  return { netns, place: netnsAt(host.outsidePath(netns), name) };
}

/** A namespace that only a process holds: its path is `/proc/PID/ns/net`, and it is gone when the process ends. */
export interface ProcessSandbox extends Sandbox {
  end(): Promise<void>;
}

/** @param namespaces flags of unshare(1): `--net`, or `--user --map-root-user --net` for one that a child user namespace owns */
export async function processSandbox(host: PrivateHost, ...namespaces: string[]): Promise<ProcessSandbox> {
  const file = `/run/${randomName("pid")}`;
  const child = host.start(["unshare", ...namespaces, await peerPath(), "pause", file]);
  const seen = host.outsidePath(file);
  for (const deadline = Date.now() + 5_000; !existsSync(seen) || readFileSync(seen).length === 0; await Bun.sleep(5))
    if (Date.now() > deadline)
      throw new Error(`unshare ${namespaces.join(" ")}: ${await new Response(child.stderr).text()}`);
  const pid = readFileSync(seen, "utf8").trim();
  const netns = `/proc/${pid}/ns/net`;
  return {
    netns,
    place: netnsAt(host.outsidePath(netns), `process ${pid}`),
    end: async () => {
      await host.exec("kill", "-KILL", pid);
      await child.exited;
    },
  };
}
