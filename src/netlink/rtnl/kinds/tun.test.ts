import { test } from "bun:test";
import { checkGoldenPart, loadGolden } from "../../wire/golden.ts";
import { newLink } from "../link.ts";

const row = await loadGolden(new URL("./tun.hex", import.meta.url));

test("told: tap", () => {
  checkGoldenPart(newLink, row("told: tap"), {
    header: { index: 2 },
    attrs: {
      ifname: "tap0",
      linkInfo: {
        kind: "tun",
        data: {
          type: "tap",
          owner: 1000,
          pi: 0,
          vnetHdr: 0,
          persist: 1,
          multiQueue: 1,
          numQueues: 0,
          numDisabledQueues: 0,
        },
      },
    },
  });
});
