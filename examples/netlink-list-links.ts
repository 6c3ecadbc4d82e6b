/**
 * Lists the links of this network namespace. Equivalent: `ip -brief link`. Needs no root.
 * Run: `scripts/bun examples/netlink-list-links.ts` (after `bash native/build.sh`).
 */
import { loadNative } from "../native/load.ts";
import { getLink, newLink } from "../src/netlink/rtnl/index.ts";
import { NETLINK, nativeTransport, netlinkSocket } from "../src/netlink/socket/index.ts";

const OWN_NAMESPACE = -1;

const socket = netlinkSocket(nativeTransport(loadNative(), NETLINK.ROUTE, OWN_NAMESPACE, "here"));
for (const { header, attrs } of await socket.dump(getLink, {}, newLink)) {
  const kind = attrs.linkInfo?.kind === "unknown" ? attrs.linkInfo.kindName : attrs.linkInfo?.kind;
  console.log(header.index, attrs.ifname, attrs.operstate, attrs.address, `mtu ${attrs.mtu}`, kind ?? "");
}
socket.close();
