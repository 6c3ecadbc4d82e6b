import { test } from "bun:test";
import { checkGolden, checkGoldenPart, loadGolden } from "../wire/golden.ts";
import { delLink, getLink, newLink, newLinkProp } from "./link.ts";

const row = await loadGolden(new URL("./link.hex", import.meta.url));

test("ip link set dev v0 up mtu 1400 address 02:00:00:00:00:07 txqueuelen 500 alias hello master br0 promisc on", () => {
  checkGolden(newLink, row("set"), {
    header: { family: 0, type: 0, index: 3, flags: 257, change: 257 },
    attrs: { mtu: 1400, address: "02:00:00:00:00:07", txqlen: 500, ifalias: "hello", master: 4 },
  });
});

test("ip link set dev v0 nomaster", () => {
  checkGolden(newLink, row("nomaster"), {
    header: { family: 0, type: 0, index: 3, flags: 0, change: 0 },
    attrs: { master: 0 },
  });
});

test("ip link set dev v0 name web0", () => {
  checkGolden(newLink, row("rename"), {
    header: { family: 0, type: 0, index: 3, flags: 0, change: 0 },
    attrs: { ifname: "web0" },
  });
});

test("ip link set dev v0 netns PEER", () => {
  checkGolden(newLink, row("netns"), {
    header: { family: 0, type: 0, index: 3, flags: 0, change: 0 },
    attrs: { netNsFd: 4 },
  });
});

test("ip link property add dev v0 altname a-name-of-more-than-15-bytes", () => {
  checkGolden(newLinkProp, row("altname"), {
    header: { family: 0, type: 0, index: 3, flags: 0, change: 0 },
    attrs: { propList: ["a-name-of-more-than-15-bytes"] },
  });
});

test("ip link set dev v0 addrgenmode none", () => {
  checkGolden(newLink, row("addrgenmode"), {
    header: { family: 0, type: 0, index: 3, flags: 0, change: 0 },
    attrs: { afSpec: { inet6: { addrGenMode: "none" } } },
  });
});

test("ip link show dev v0", () => {
  checkGolden(getLink, row("get"), {
    header: { family: 0, type: 0, index: 2, flags: 0, change: 0 },
    attrs: { extMask: 9 },
  });
});

test("ip link show type veth", () => {
  checkGolden(getLink, row("dump of a kind"), {
    header: { family: 17, type: 0, index: 0, flags: 0, change: 0 },
    attrs: { extMask: 1, linkInfo: { kind: "veth" } },
  });
});

test("ip link del dev v0", () => {
  checkGolden(delLink, row("del"), { header: { family: 0, type: 0, index: 3, flags: 0, change: 0 }, attrs: {} });
});

test("told: loopback", () => {
  checkGoldenPart(newLink, row("told: loopback"), {
    header: { family: 0, type: 772, index: 1, flags: 8, change: 0 },
    attrs: {
      ifname: "lo",
      txqlen: 1000,
      operstate: "down",
      linkmode: "default",
      mtu: 65536,
      minMtu: 0,
      maxMtu: 0,
      group: 0,
      promiscuity: 0,
      allmulti: 0,
      numTxQueues: 1,
      gsoMaxSegs: 65535,
      gsoMaxSize: 65536,
      groMaxSize: 65536,
      tsoMaxSize: 524280,
      tsoMaxSegs: 65535,
      numRxQueues: 1,
      carrier: 1,
      carrierChanges: 0,
      carrierUpCount: 0,
      carrierDownCount: 0,
      protoDown: 0,
      address: "00:00:00:00:00:00",
      broadcast: "00:00:00:00:00:00",
      stats64: { rxPackets: 0n, rxOtherhostDropped: 0n },
      xdp: { attached: 0 },
      qdisc: "noop",
      afSpec: { inet6: { flags: 0, token: "::", addrGenMode: "eui64" } },
    },
  });
});

test("told: port of a bridge", () => {
  checkGoldenPart(newLink, row("told: port of a bridge"), {
    header: { family: 0, type: 1, index: 3, flags: 4099, change: 0 },
    attrs: {
      ifname: "v0",
      txqlen: 1000,
      operstate: "lowerLayerDown",
      linkmode: "default",
      mtu: 1500,
      minMtu: 68,
      maxMtu: 65535,
      group: 0,
      promiscuity: 1,
      allmulti: 1,
      numTxQueues: 2,
      gsoMaxSegs: 65535,
      gsoMaxSize: 65536,
      groMaxSize: 65536,
      tsoMaxSize: 524280,
      tsoMaxSegs: 65535,
      numRxQueues: 2,
      master: 2,
      carrier: 0,
      ifalias: "hello",
      carrierChanges: 1,
      carrierUpCount: 0,
      carrierDownCount: 1,
      protoDown: 0,
      address: "6e:1f:fc:2a:b3:b0",
      broadcast: "ff:ff:ff:ff:ff:ff",
      stats64: { rxPackets: 0n, rxOtherhostDropped: 0n },
      xdp: { attached: 0 },
      linkInfo: {
        kind: "veth",
        slaveKind: "bridge",
        slaveData: {
          state: "disabled",
          priority: 32,
          cost: 2,
          hairpin: 0,
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
          rootId: { priority: 32768, address: "6e:1f:fc:2a:b3:b0" },
          bridgeId: { priority: 32768, address: "6e:1f:fc:2a:b3:b0" },
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
          isolated: 0,
          locked: 0,
          messageAgeTimerCs: 0n,
          forwardDelayTimerCs: 0n,
          holdTimerCs: 0n,
          multicastRouter: 1,
          mcastEhtHostsLimit: 512,
          mcastEhtHostsCount: 0,
        },
      },
      linkNetnsId: 0,
      link: 2,
      qdisc: "noqueue",
      afSpec: { inet6: { flags: 0, token: "::", addrGenMode: "eui64" } },
      propList: ["a-name-of-more-than-15-bytes"],
    },
  });
});
