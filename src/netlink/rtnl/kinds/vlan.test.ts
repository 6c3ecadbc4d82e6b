import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../../wire/golden.ts";
import { newLink } from "../link.ts";

const row = await loadGolden(new URL("./vlan.hex", import.meta.url));

test("ip link add v0.5 link v0 type vlan proto 802.1ad id 5 reorder_hdr off gvrp on ingress-qos-map 1:2 3:4 egress-qos-map 0:7", () => {
  checkGolden(newLink, row("add"), {
    header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
    attrs: {
      link: 3,
      ifname: "v0.5",
      linkInfo: {
        kind: "vlan",
        data: {
          protocol: 34984,
          id: 5,
          ingressQos: [
            { from: 1, to: 2 },
            { from: 3, to: 4 },
          ],
          egressQos: [{ from: 0, to: 7 }],
          flags: { flags: 2, mask: 3 },
        },
      },
    },
  });
});

test("told", () => {
  checkGoldenPart(newLink, row("told"), {
    header: { index: 4 },
    attrs: {
      ifname: "v0.5",
      linkInfo: {
        kind: "vlan",
        data: {
          protocol: 33024,
          id: 5,
          flags: { flags: 5, mask: 4294967295 },
          ingressQos: [{ from: 1, to: 2 }],
          egressQos: [
            { from: 0, to: 7 },
            { from: 3, to: 4 },
          ],
        },
      },
    },
  });
});
