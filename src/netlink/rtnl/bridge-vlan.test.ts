import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { delBridgeLink, getBridgeLink, newBridgeLink, setBridgeLink } from "./bridge-vlan.ts";

const row = await loadGolden(new URL("./bridge-vlan.hex", import.meta.url));

test("bridge vlan add dev v0 vid 10 pvid untagged", () => {
  checkGolden(setBridgeLink, row("add"), {
    header: { family: 7, type: 0, index: 4, flags: 0, change: 0 },
    attrs: { afSpec: [{ vlan: { flags: 6, vid: 10 } }] },
  });
});

test("bridge vlan add dev v0 vid 100-199 master", () => {
  checkGolden(setBridgeLink, row("add a range"), {
    header: { family: 7, type: 0, index: 4, flags: 0, change: 0 },
    attrs: { afSpec: [{ flags: 1 }, { vlan: { flags: 8, vid: 100 } }, { vlan: { flags: 16, vid: 199 } }] },
  });
});

test("bridge vlan add dev br0 vid 10 self", () => {
  checkGolden(setBridgeLink, row("add to the bridge"), {
    header: { family: 7, type: 0, index: 2, flags: 0, change: 0 },
    attrs: { afSpec: [{ flags: 2 }, { vlan: { flags: 0, vid: 10 } }] },
  });
});

test("bridge vlan del dev v0 vid 1", () => {
  checkGolden(delBridgeLink, row("del"), {
    header: { family: 7, type: 0, index: 4, flags: 0, change: 0 },
    attrs: { afSpec: [{ vlan: { flags: 0, vid: 1 } }] },
  });
});

test("bridge -compressvlans vlan show", () => {
  checkGolden(getBridgeLink, row("dump"), {
    header: { family: 7, type: 0, index: 0, flags: 0, change: 0 },
    attrs: { extMask: 4 },
  });
});

test("told: VLANs of a port", () => {
  checkGoldenPart(newBridgeLink, row("told: VLANs of a port"), {
    header: { family: 7, type: 1, index: 4, flags: 4098, change: 0 },
    attrs: {
      ifname: "v0",
      master: 2,
      afSpec: [
        { vlan: { flags: 4, vid: 1 } },
        { vlan: { flags: 6, vid: 10 } },
        { vlan: { flags: 8, vid: 100 } },
        { vlan: { flags: 16, vid: 199 } },
      ],
    },
  });
});
