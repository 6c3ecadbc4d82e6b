import { test } from "bun:test";
import { checkGolden, loadGolden } from "../wire/golden.ts";
import { delBridgeLink, getBridgeLink, setBridgeLink } from "./bridge-vlan.ts";

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

test("bridge -c vlan show", () => {
  checkGolden(getBridgeLink, row("dump"), {
    header: { family: 7, type: 0, index: 0, flags: 0, change: 0 },
    attrs: { extMask: 2 },
  });
});
