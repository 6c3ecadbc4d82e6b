import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../../wire/golden.ts";
import { newLink } from "../link.ts";

const row = await loadGolden(new URL("./ipvlan.hex", import.meta.url));

test("ip link add ipv0 link v0 type ipvlan mode l3s vepa", () => {
  checkGolden(newLink, row("add"), {
    header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
    attrs: { link: 3, ifname: "ipv0", linkInfo: { kind: "ipvlan", data: { mode: "l3s", flags: 2 } } },
  });
});

test("told", () => {
  checkGoldenPart(newLink, row("told"), {
    header: { index: 4 },
    attrs: { ifname: "ipv0", linkInfo: { kind: "ipvlan", data: { mode: "l3", flags: 1 } } },
  });
});
