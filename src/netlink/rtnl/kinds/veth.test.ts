import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../../wire/golden.ts";
import { newLink } from "../link.ts";

const row = await loadGolden(new URL("./veth.hex", import.meta.url));

test("ip link add name v0 mtu 1400 master br0 up type veth peer name eth0 mtu 1400 address 02:00:00:00:00:09 netns PEER", () => {
  checkGolden(newLink, row("add"), {
    header: { family: 0, type: 0, index: 0, flags: 1, change: 1 },
    attrs: {
      mtu: 1400,
      master: 2,
      ifname: "v0",
      linkInfo: {
        kind: "veth",
        data: {
          peer: {
            header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
            attrs: { mtu: 1400, address: "02:00:00:00:00:09", netNsFd: 4, ifname: "eth0" },
          },
        },
      },
    },
  });
});

test("told", () => {
  checkGoldenPart(newLink, row("told"), { header: { index: 2 }, attrs: { ifname: "v0", linkInfo: { kind: "veth" } } });
});
