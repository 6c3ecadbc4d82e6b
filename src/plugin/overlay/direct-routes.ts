import type { Kernel } from "../../kernel/kernel.ts";
import { isNetlinkError } from "../../netlink/socket/index.ts";
import { isDirectOf, ROUTE_PROTOCOL } from "./entries.ts";

/** Removes the plain routes of networks with these VNIs: unlike the others they do not go with the device. */
export async function deleteDirectRoutes(host: Kernel, vnis: ReadonlySet<number>): Promise<void> {
  const routes = (await host.route.list({ protocol: ROUTE_PROTOCOL })).filter(
    (route) => route.protocol === ROUTE_PROTOCOL && [...vnis].some((vni) => isDirectOf(route, vni)),
  );
  for (const { dst, gw, oif, priority, protocol } of routes) {
    try {
      await host.route.del({ dst, gw, oif, priority, protocol });
    } catch (error) {
      if (!isNetlinkError(error, "ESRCH", "ENODEV")) throw error;
    }
  }
}
