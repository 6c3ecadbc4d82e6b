import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../../wire/golden.ts";
import { newBridgeLink, setBridgeLink } from "../bridge-vlan.ts";

const row = await loadGolden(new URL("./bridge-port.hex", import.meta.url));

test("bridge link set dev v0 hairpin on isolated on cost 7", () => {
  checkGolden(setBridgeLink, row("set"), {
    header: { family: 7, type: 0, index: 4, flags: 0, change: 0 },
    attrs: { port: { hairpin: 1, cost: 7, isolated: 1 } },
  });
});

test("told", () => {
  checkGoldenPart(newBridgeLink, row("told"), {
    header: { index: 4 },
    attrs: {
      ifname: "v0",
      port: {
        state: "disabled",
        priority: 32,
        cost: 2,
        hairpin: 1,
        guard: 0,
        protect: 0,
        fastLeave: 0,
        mcastToUnicast: 0,
        learning: 1,
        unicastFlood: 1,
        mcastFlood: 1,
        bcastFlood: 1,
        proxyarp: 0,
        proxyarpWifi: 0,
        rootId: { priority: 32768, address: "6e:47:2b:b5:d9:b9" },
        bridgeId: { priority: 32768, address: "6e:47:2b:b5:d9:b9" },
        designatedPort: 32769,
        designatedCost: 0,
        id: 32769,
        no: 1,
        topologyChangeAck: 0,
        configPending: 0,
        vlanTunnel: 0,
        groupFwdMask: 0,
        neighSuppress: 0,
        mrpRingOpen: 0,
        mrpInOpen: 0,
        isolated: 1,
        locked: 0,
        messageAgeTimerCs: 0n,
        forwardDelayTimerCs: 0n,
        holdTimerCs: 0n,
        multicastRouter: 1,
        mcastEhtHostsLimit: 512,
        mcastEhtHostsCount: 0,
      },
    },
  });
});
