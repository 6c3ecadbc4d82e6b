import type { Kernel } from "../kernel/kernel.ts";
import type { Link } from "../kernel/link.ts";
import { RTN } from "../netlink/rtnl/route.const.ts";
import { isDefault } from "./layer3.ts";

/** The link of the first default route, IPv4 before IPv6, in the order the kernel follows them; `undefined` without one. */
export async function defaultLink(kernel: Kernel): Promise<Link | undefined> {
  for (const family of [4, 6] as const) {
    const routes = (await kernel.route.list({ family })).filter(
      (route) => isDefault(route) && route.type === RTN.UNICAST,
    );
    routes.sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0));
    for (const route of routes) {
      const index = route.oif ?? route.nexthops?.find(({ oif }) => oif !== undefined)?.oif;
      const link = index === undefined ? undefined : await kernel.link.get(index);
      if (link && !link.loopback) return link;
    }
  }
  return undefined;
}
