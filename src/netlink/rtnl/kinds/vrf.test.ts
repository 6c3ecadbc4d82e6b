import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../../wire/golden.ts";
import { newLink } from "../link.ts";

const row = await loadGolden(new URL("./vrf.hex", import.meta.url));

test("ip link add red type vrf table 1234", () => {
  checkGolden(newLink, row("add"), {
    header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
    attrs: { ifname: "red", linkInfo: { kind: "vrf", data: { table: 1234 } } },
  });
});

test("told", () => {
  checkGoldenPart(newLink, row("told"), {
    header: { index: 2 },
    attrs: { ifname: "red", linkInfo: { kind: "vrf", data: { table: 1234 } } },
  });
});

test("told: a link in it", () => {
  checkGoldenPart(newLink, row("told: a link in it"), {
    header: { index: 4 },
    attrs: { ifname: "v0", linkInfo: { kind: "veth", slaveKind: "vrf", slaveData: { table: 1234 } } },
  });
});
