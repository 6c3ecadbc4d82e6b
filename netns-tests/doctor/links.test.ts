/** Links, bridge ports, forwarding: one fault each on a healthy bridge network. */
import { expect } from "bun:test";
import { plants } from "./lab.ts";

plants(
  "IPv4 forwarding is off",
  "forwarding-v4",
  async ({ host }) => {
    await host.exec("sysctl", "-qw", "net.ipv4.ip_forward=0");
  },
  { healthyAfterFix: true },
);

plants("IPv4 forwarding is off on the bridge alone", "forwarding-v4", async ({ host }) => {
  await host.exec("sysctl", "-qw", "net.ipv4.conf.br0.forwarding=0");
});

plants(
  "IPv6 forwarding is off",
  "forwarding-v6",
  async ({ host }) => {
    await host.exec("sysctl", "-qw", "net.ipv6.conf.all.forwarding=0");
  },
  { healthyAfterFix: true },
);

plants(
  "the host's end is down",
  "host-end-down",
  async ({ host, hostEnd }) => {
    await host.exec("ip", "link", "set", await hostEnd("c1"), "down");
  },
  { healthyAfterFix: true },
);

plants(
  "the container's end is down, and its routes are gone with it",
  "container-end-down",
  async ({ c1 }) => {
    await c1.exec("ip", "link", "set", "eth0", "down");
  },
  {
    also: ({ faults }) => {
      expect(faults[0]?.sentence).toContain("web c1 eth0");
      expect(new Set(faults[0]?.consequences.map(({ fault }) => fault))).toContain("no-default-route");
    },
  },
);

plants(
  "the bridge is down",
  "bridge-down",
  async ({ host }) => {
    await host.exec("ip", "link", "set", "br0", "down");
  },
  { healthyAfterFix: true },
);

plants(
  "the bridge is deleted",
  "bridge-missing",
  async ({ host }) => {
    await host.exec("ip", "link", "del", "br0");
  },
  { healthyAfterFix: true },
);

plants("the container has lost its interface", "link-missing", async ({ c1 }) => {
  await c1.exec("ip", "link", "del", "eth0");
});

plants(
  "a pair is off its bridge",
  "off-bridge",
  async ({ host, hostEnd }) => {
    await host.exec("ip", "link", "set", await hostEnd("c1"), "nomaster");
  },
  { healthyAfterFix: true },
);

plants(
  "a port is isolated",
  "port-isolated",
  async ({ host, hostEnd }) => {
    await host.exec("bridge", "link", "set", "dev", await hostEnd("c1"), "isolated", "on");
  },
  { healthyAfterFix: true },
);

plants("a port is blocked", "port-not-forwarding", async ({ host, hostEnd }) => {
  await host.exec("bridge", "link", "set", "dev", await hostEnd("c1"), "state", "0");
});
