import type { Route } from "../../../kernel/route.ts";
import { RTN } from "../../../netlink/rtnl/route.const.ts";
import { about, type Finding } from "../finding.ts";
import { type Attached, addressesOf, familyName, nameOf, type Picture } from "../picture.ts";
import { isPlain } from "../routing.ts";

const MAIN = 254;

/** Default routes that ADD gave and the container has not, or through another gateway. */
export const defaultRoutes = ({ attachments }: Picture): Finding[] => attachments.flatMap(ofAttachment);

function ofAttachment(a: Attached): Finding[] {
  const { routes } = a.sandbox;
  if (routes === undefined) return [];
  const scopes = [about.attachment(a.cached)];
  return ([4, 6] as const).flatMap((family): Finding[] => {
    const dst = family === 4 ? "0.0.0.0/0" : "::/0";
    const asked = (a.result.routes ?? []).find((route) => route.dst === dst && (route.table ?? MAIN) === MAIN);
    if (!asked) return [];
    const gateway =
      asked.gw || addressesOf(a).find(({ ip, cidr }) => cidr.ip.family === family && ip.gateway)?.ip.gateway;
    // With rules of its own, as the plugin sbr makes them, in whichever table.
    const tables = isPlain(a.sandbox) ? [MAIN] : undefined;
    const present = routes.filter(
      (route) =>
        route.dst === dst &&
        (tables?.includes(route.table) ?? true) &&
        route.type === RTN.UNICAST &&
        route.family === family,
    );
    if (present.length === 0)
      return [
        {
          fault: "no-default-route",
          sentence: `${nameOf(a)} has no ${familyName(family)} default route`,
          evidence: [`ADD gave it ${dst}${gateway === undefined ? "" : ` via ${gateway}`}`],
          remedy: `ip route add default${gateway === undefined ? "" : ` via ${gateway}`} dev ${a.cached.ifName} in the container`,
          scopes,
          follows: [
            "container-end-down",
            "link-missing",
            "address-missing",
            "wrong-prefix",
            "ipv6-disabled",
            "dad-failed",
          ],
        },
      ];
    const own = present.filter((route) => hopsOf(route).some(({ oif }) => oif === a.inner?.index));
    if (gateway === undefined || own.length === 0) return [];
    if (own.some((route) => hopsOf(route).some(({ gw }) => gw === gateway))) return [];
    const through = own.flatMap(hopsOf).map(({ gw }) => gw ?? "nothing");
    return [
      {
        fault: "wrong-gateway",
        sentence: `the ${familyName(family)} default route of ${nameOf(a)} leads to ${through.join(", ")} and not to its gateway ${gateway}`,
        evidence: [`ADD gave it ${dst} via ${gateway}`],
        remedy: `ip route replace default via ${gateway} dev ${a.cached.ifName} in the container`,
        scopes,
      },
    ];
  });
}

const hopsOf = (route: Route): readonly Pick<Route, "gw" | "oif">[] => route.nexthops ?? [route];
