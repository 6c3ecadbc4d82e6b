/**
 * Prints each change of a route as it happens. Equivalent: `ip monitor route`. Needs no root.
 * Run: `scripts/bun examples/netlink-watch-routes.ts`; it ends after 30 seconds without a change, or with Ctrl-C.
 */
import { isSystemError, loadNative } from "../native/load.ts";
import { delRoute, newRoute, RTNLGRP } from "../src/netlink/rtnl/index.ts";
import { NETLINK } from "../src/netlink/socket/index.ts";
import { splitMessages } from "../src/netlink/wire/index.ts";

const OWN_NAMESPACE = -1;
const QUIET_MS = 30_000;

const native = loadNative();
const socket = native.netlinkOpen(NETLINK.ROUTE, OWN_NAMESPACE);
native.netlinkSubscribe(socket, [RTNLGRP.IPV4_ROUTE, RTNLGRP.IPV6_ROUTE]);

for (;;) {
  const datagram = await receive();
  if (!datagram) break;
  for (const raw of splitMessages(datagram)) {
    const schema = [newRoute, delRoute].find((s) => s.type === raw.type);
    if (!schema) continue;
    const { header, attrs } = schema.decode(raw.bytes);
    const destination = attrs.dst === undefined ? "default" : `${attrs.dst}/${header.dstLength}`;
    console.log(schema.name, destination, `via ${attrs.gateway ?? "link"}`, `oif ${attrs.oif ?? "none"}`);
  }
}
native.closeFd(socket);

/** The next datagram; `undefined` when nothing happened for a while. */
async function receive(): Promise<Uint8Array | undefined> {
  for (;;) {
    try {
      return await native.netlinkReceiveAsync(socket, QUIET_MS);
    } catch (error) {
      if (!isSystemError(error) || error.code !== "ENOBUFS") throw error;
      console.log("some changes were lost: list the routes again");
    }
  }
}
