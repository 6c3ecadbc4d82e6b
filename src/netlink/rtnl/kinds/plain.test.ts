import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../../wire/golden.ts";
import { newLink } from "../link.ts";

const row = await loadGolden(new URL("./plain.hex", import.meta.url));

test("ip link add ifb7 type ifb", () => {
  checkGolden(newLink, row("ifb"), {
    header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
    attrs: { ifname: "ifb7", linkInfo: { kind: "ifb" } },
  });
});

test("ip link add dummy7 type dummy", () => {
  checkGolden(newLink, row("dummy"), {
    header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
    attrs: { ifname: "dummy7", linkInfo: { kind: "dummy" } },
  });
});

test("told: ifb", () => {
  checkGoldenPart(newLink, row("told: ifb"), {
    header: { index: 2 },
    attrs: { ifname: "ifb7", linkInfo: { kind: "ifb" } },
  });
});

test("told: dummy", () => {
  checkGoldenPart(newLink, row("told: dummy"), {
    header: { index: 2 },
    attrs: { ifname: "dummy7", linkInfo: { kind: "dummy" } },
  });
});
