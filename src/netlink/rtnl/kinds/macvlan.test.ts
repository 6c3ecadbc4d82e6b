import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../../wire/golden.ts";
import { newLink } from "../link.ts";

const row = await loadGolden(new URL("./macvlan.hex", import.meta.url));

test("ip link add mv0 link v0 type macvlan mode bridge bcqueuelen 500", () => {
  checkGolden(newLink, row("add"), {
    header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
    attrs: { link: 3, ifname: "mv0", linkInfo: { kind: "macvlan", data: { bcQueueLen: 500, mode: "bridge" } } },
  });
});

test("ip link set link dev mv0 type macvlan macaddr set 02:00:00:00:00:01 02:00:00:00:00:02", () => {
  checkGolden(newLink, row("source"), {
    header: { family: 0, type: 0, index: 4, flags: 0, change: 0 },
    attrs: {
      linkInfo: {
        kind: "macvlan",
        data: { macaddrMode: "set", macaddrData: ["02:00:00:00:00:01", "02:00:00:00:00:02"] },
      },
    },
  });
});

test("told", () => {
  checkGoldenPart(newLink, row("told"), {
    header: { index: 4 },
    attrs: {
      ifname: "mv0",
      linkInfo: {
        kind: "macvlan",
        data: { mode: "passthru", flags: 1, macaddrCount: 0, bcQueueLen: 1000, bcQueueLenUsed: 1000 },
      },
    },
  });
});
