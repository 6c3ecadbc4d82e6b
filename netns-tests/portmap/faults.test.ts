import { expect } from "bun:test";
import { loadNative } from "../../native/load.ts";
import { portmap } from "../../plugins/portmap/index.ts";
import type { AttachmentRequest, NetworkConfig } from "../../src/cni/types.ts";
import type { Kernel } from "../../src/kernel/kernel.ts";
import { openKernel } from "../../src/kernel/open.ts";
import { NetlinkError } from "../../src/netlink/socket/index.ts";
import type { PluginContext } from "../../src/plugin/plugin.ts";
import { lacksRoot, testUnless } from "../support/skip.ts";
import { diff, snapshot } from "../support/snapshot.ts";
import { makeWorld } from "./world.ts";

const EIO = 5;

/** The same kernel, whose n-th call fails; counts on. */
function failing(kernel: Kernel, at: number): { kernel: Kernel; calls: () => number } {
  let calls = 0;
  const verbs = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, key) {
        const value: unknown = Reflect.get(object, key);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (++calls === at) throw new NetlinkError(`fault at ${String(key)}`, EIO);
          return Reflect.apply(value, object, args);
        };
      },
    });
  return {
    calls: () => calls,
    kernel: {
      ...kernel,
      identity: kernel.identity,
      nft: verbs(kernel.nft),
      sysctl: verbs(kernel.sysctl),
      route: verbs(kernel.route),
      link: verbs(kernel.link),
      addr: verbs(kernel.addr),
      conntrack: verbs(kernel.conntrack),
    },
  };
}

testUnless(
  lacksRoot,
  "a fault at each of ADD's calls to the kernel in turn leaves nothing behind",
  async () => {
    await using world = await makeWorld();
    const net = world.network("blue");
    // The shared parts are there, and the container's own interface; portmap's part of its ADD is played here.
    await world.container(net, [{ hostPort: 9000 }]);
    const c = await world.container(net, []);
    await using outside = openKernel(loadNative(), { waiting: "here" });
    await using host = await outside.enter(world.host.path);
    const raw = {
      cniVersion: "1.1.0",
      name: "blue",
      type: "portmap",
      conditionsV4: ["-s", "192.0.2.0/24"],
      runtimeConfig: {
        portMappings: [
          { hostPort: 8080, containerPort: 80, protocol: "tcp" },
          { hostPort: 8081, containerPort: 80, protocol: "udp", hostIP: "127.0.0.1" },
        ],
      },
    };
    const config: NetworkConfig = {
      cniVersion: "1.1.0",
      name: "blue",
      type: "portmap",
      prevResult: JSON.parse(JSON.stringify(c.result)),
      raw,
    };
    const req: AttachmentRequest<ReturnType<typeof portmap.parse>> = {
      conf: portmap.parse(config, { lenient: false }),
      containerId: c.attachment.containerId,
      ifName: "eth0",
      netns: c.netns.path,
      args: "",
    };
    const context = (kernel: Kernel): PluginContext => ({
      host: kernel,
      ipam: {
        of: () => {
          throw new Error("portmap needs no IPAM");
        },
      },
      note: () => {},
    });
    const veth = c.result.interfaces?.[1]?.name ?? "";
    const reset = async (): Promise<void> => {
      await world.host.exec("sysctl", "-qw", "net.ipv4.conf.br1.route_localnet=0");
      await world.host.exec("bridge", "link", "set", "dev", veth, "hairpin", "off");
    };
    await reset();
    const before = await snapshot(world.host);
    let faults = 0;
    for (let at = 1; ; at++) {
      const { kernel, calls } = failing(host, at);
      const outcome = await portmap.add(req, context(kernel)).then(
        () => "added",
        (error: Error) => error.message,
      );
      if (calls() < at) {
        expect(outcome).toBe("added");
        break;
      }
      faults++;
      expect(outcome).toContain("fault at");
      expect(diff(before, await snapshot(world.host))).toEqual([]);
    }
    expect(faults).toBeGreaterThan(6);
    await portmap.check(req, context(host));
    await portmap.del(req, context(host));
    await reset();
    expect(diff(before, await snapshot(world.host))).toEqual([]);
  },
  120_000,
);
