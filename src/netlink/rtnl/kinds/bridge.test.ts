import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../../wire/golden.ts";
import { newLink } from "../link.ts";

const row = await loadGolden(new URL("./bridge.hex", import.meta.url));

test("ip link add br0 type bridge vlan_filtering 1 vlan_default_pvid 0 stp_state 0 ageing_time 30000 forward_delay 0 mcast_snooping 0 priority 100", () => {
  checkGolden(newLink, row("add"), {
    header: { family: 0, type: 0, index: 0, flags: 0, change: 0 },
    attrs: {
      ifname: "br0",
      linkInfo: {
        kind: "bridge",
        data: {
          vlanFiltering: 1,
          vlanDefaultPvid: 0,
          stpState: 0,
          ageingTimeCs: 30000,
          forwardDelayCs: 0,
          mcastSnooping: 0,
          priority: 100,
        },
      },
    },
  });
});

test("ip link set dev br0 type bridge nf_call_iptables 1 group_fwd_mask 8 vlan_protocol 802.1ad", () => {
  checkGolden(newLink, row("set"), {
    header: { family: 0, type: 0, index: 2, flags: 0, change: 0 },
    attrs: { linkInfo: { kind: "bridge", data: { nfCallIptables: 1, groupFwdMask: 8, vlanProtocol: 34984 } } },
  });
});

test("told", () => {
  checkGoldenPart(newLink, row("told"), {
    header: { index: 2 },
    attrs: {
      ifname: "br0",
      linkInfo: {
        kind: "bridge",
        data: {
          helloTimerCs: 0n,
          tcnTimerCs: 0n,
          topologyChangeTimerCs: 0n,
          gcTimerCs: 0n,
          forwardDelayCs: 1500,
          helloTimeCs: 200,
          maxAgeCs: 2000,
          ageingTimeCs: 30000,
          stpState: 0,
          priority: 32768,
          vlanFiltering: 0,
          groupFwdMask: 0,
          bridgeId: { priority: 32768, address: "00:00:00:00:00:00" },
          rootId: { priority: 32768, address: "00:00:00:00:00:00" },
          rootPort: 0,
          rootPathCost: 0,
          topologyChange: 0,
          topologyChangeDetected: 0,
          groupAddr: "01:80:c2:00:00:00",
          multiBoolopt: { value: 0, mask: 31 },
          mcastRouter: 1,
          mcastSnooping: 1,
          mcastQueryUseIfaddr: 0,
          mcastQuerier: 0,
          mcastStatsEnabled: 0,
          mcastHashElasticity: 16,
          mcastHashMax: 4096,
          mcastLastMemberCount: 2,
          mcastStartupQueryCount: 2,
          mcastIgmpVersion: 2,
          mcastMldVersion: 1,
          mcastLastMemberIntervalCs: 100n,
          mcastMembershipIntervalCs: 26000n,
          mcastQuerierIntervalCs: 25500n,
          mcastQueryIntervalCs: 12500n,
          mcastQueryResponseIntervalCs: 1000n,
          mcastStartupQueryIntervalCs: 3124n,
          nfCallIptables: 0,
          nfCallIp6tables: 0,
          nfCallArptables: 0,
        },
      },
    },
  });
});
