/**
 * Decodes a message that was captured, and names the field at one of its bytes. Needs neither root nor the addon.
 * Run: `scripts/bun examples/netlink-decode.ts`
 */
import { newLink } from "../src/netlink/rtnl/index.ts";

/** `ip link add vx7 type vxlan id 7 dstport 4789`, as iproute2 6.1.0 sends it (strace -e trace=sendmsg -e write=all). */
const captured = Uint8Array.fromHex(
  `
  54000000 1000 0506 2ffb006b 00000000      # nlmsghdr: length, RTM_NEWLINK, flags, sequence, port
  00 00 0000 00000000 00000000 00000000     # ifinfomsg
  0800 0300 76783700                        # IFLA_IFNAME "vx7"
  2c00 1200                                 # IFLA_LINKINFO
    0900 0100 76786c61 6e000000             #   IFLA_INFO_KIND "vxlan"
    1c00 0200                               #   IFLA_INFO_DATA
      0800 0100 07000000                    #     IFLA_VXLAN_ID 7
      0500 0700 01000000                    #     IFLA_VXLAN_LEARNING 1
      0600 0f00 12b50000                    #     IFLA_VXLAN_PORT 4789
  `.replace(/#.*|\s/g, ""),
);

const { attrs } = newLink.decode(captured);
console.log(attrs);
if (attrs.linkInfo?.kind === "vxlan") console.log("VNI", attrs.linkInfo.data?.vni);
console.log("byte 60 is", newLink.locate(captured, 60));
