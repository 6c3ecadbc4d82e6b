/** Addresses and default routes: one fault each on a healthy bridge network. */
import { expect } from "bun:test";
import { plants } from "./lab.ts";

plants("the default route is deleted", "no-default-route", async ({ c1 }) => {
  await c1.exec("ip", "route", "del", "default");
});

plants("the IPv6 default route is deleted", "no-default-route", async ({ c1 }) => {
  await c1.exec("ip", "-6", "route", "del", "default");
});

plants(
  "the default route leads elsewhere",
  "wrong-gateway",
  async ({ c1 }) => {
    await c1.exec("ip", "route", "replace", "default", "via", "10.38.0.3");
  },
  { also: ({ faults }) => expect(faults[0]?.sentence).toContain("10.38.0.3 and not to its gateway 10.38.0.1") },
);

plants(
  "the bridge has lost the gateway address",
  "gateway-missing",
  async ({ host }) => {
    await host.exec("ip", "addr", "del", "10.38.0.1/24", "dev", "br0");
  },
  { healthyAfterFix: true },
);

plants("the bridge has lost its IPv6 gateway address", "gateway-missing", async ({ host }) => {
  await host.exec("ip", "addr", "del", "fd38::1/64", "dev", "br0");
});

plants("the container's prefix is too short", "wrong-prefix", async ({ c1 }) => {
  await c1.exec("ip", "addr", "add", "10.38.0.2/16", "dev", "eth0");
  await c1.exec("ip", "addr", "del", "10.38.0.2/24", "dev", "eth0");
  await c1.run(["ip", "route", "replace", "default", "via", "10.38.0.1"]);
});

plants("the gateway's prefix is wrong", "wrong-prefix", async ({ host }) => {
  await host.exec("ip", "addr", "add", "10.38.0.1/25", "dev", "br0");
  await host.exec("ip", "addr", "del", "10.38.0.1/24", "dev", "br0");
});

plants("the container has lost its address", "address-missing", async ({ c1 }) => {
  await c1.exec("ip", "addr", "del", "10.38.0.2/24", "dev", "eth0");
});

plants(
  "two containers have one address",
  "duplicate-address",
  async ({ c2 }) => {
    await c2.exec("ip", "addr", "add", "10.38.0.2/24", "dev", "eth0");
  },
  { also: ({ faults }) => expect(faults[0]?.sentence).toContain("10.38.0.2 is on 2 interfaces") },
);

plants("a container has the gateway's address", "duplicate-address", async ({ c2 }) => {
  await c2.exec("ip", "addr", "add", "10.38.0.1/32", "dev", "eth0");
});

plants(
  "IPv6 is switched off in the container",
  "ipv6-disabled",
  async ({ c1 }) => {
    await c1.exec("sysctl", "-qw", "net.ipv6.conf.eth0.disable_ipv6=1");
  },
  { also: ({ faults }) => expect(faults[0]?.consequences.length).toBeGreaterThan(0) },
);

plants("duplicate-address detection failed", "dad-failed", async ({ c1, c2 }) => {
  // Another has it for as long as it takes.
  await c1.exec("sysctl", "-qw", "net.ipv6.conf.eth0.accept_dad=1", "net.ipv6.conf.eth0.dad_transmits=1");
  await c1.exec("ip", "addr", "del", "fd38::2/64", "dev", "eth0");
  await c2.exec("ip", "addr", "add", "fd38::2/64", "dev", "eth0", "nodad");
  await c1.exec("ip", "addr", "add", "fd38::2/64", "dev", "eth0");
  for (let tries = 0; tries < 60; tries++) {
    if ((await c1.exec("ip", "addr", "show", "dev", "eth0")).includes("dadfailed")) break;
    await Bun.sleep(100);
  }
  await c2.exec("ip", "addr", "del", "fd38::2/64", "dev", "eth0");
  await c1.exec("ip", "-6", "route", "replace", "default", "via", "fd38::1", "dev", "eth0");
});
