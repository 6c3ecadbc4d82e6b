import { expect } from "bun:test";
import type { Place } from "../support/place.ts";
import { lacksCommand, lacksRoot, testUnless } from "../support/skip.ts";
import { type AskOptions, reaches, serve, udpEcho } from "../support/traffic.ts";
import { HOST, makeWorld, NEIGHBOUR } from "./world.ts";

/** The client keeps its port, so the kernel would keep sending its datagrams where the first one went. */
const client = { sourceAddress: NEIGHBOUR[4], sourcePort: 40_000 };
const client6 = { sourceAddress: NEIGHBOUR[6], sourcePort: 40_000 };

/** A late answer to an earlier question from the same port may come first. */
async function talk(place: Place, address: string, options: AskOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await udpEcho(place, address, 5353, options);
      return;
    } catch (error) {
      if (attempt === 5 || !String(error).includes("not our echo")) throw error;
    }
  }
}

testUnless(
  [lacksRoot, lacksCommand("conntrack")],
  "a talking UDP client follows a port from one container to the next",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const net = world.network("blue");
    const mappings = [{ hostPort: 5353, protocol: "udp" }];
    const flows = async (): Promise<string> =>
      host.exec("conntrack", "-L", "-f", "ipv4", "-p", "udp", "--orig-port-dst", "5353");
    const flows6 = async (): Promise<string> =>
      host.exec("conntrack", "-L", "-f", "ipv6", "-p", "udp", "--orig-port-dst", "5353");

    // Before anything is published its datagrams are tracked too, untranslated.
    expect(await reaches(neighbour, "udp", HOST[4], 5353, { ...client, timeoutMs: 400 })).toBe(false);
    expect(await reaches(neighbour, "udp", HOST[6], 5353, { ...client6, timeoutMs: 400 })).toBe(false);
    const first = await world.container(net, mappings);
    await talk(neighbour, HOST[4], client);
    await talk(neighbour, HOST[6], client6);
    expect(await flows()).toContain(`src=${first.ip[4]}`);

    await net.del(first.attachment);
    expect(await flows()).toBe("");
    expect(await flows6()).toBe("");
    expect(await reaches(neighbour, "udp", HOST[4], 5353, { ...client, timeoutMs: 400 })).toBe(false);
    const second = await world.container(net, mappings);
    await talk(neighbour, HOST[4], client);
    await talk(neighbour, HOST[6], client6);
    expect(await flows()).toContain(`src=${second.ip[4]}`);
  },
  60_000,
);

testUnless(
  [lacksRoot, lacksCommand("conntrack")],
  "flows of others are left alone",
  async () => {
    await using world = await makeWorld();
    const { host, neighbour } = world;
    const net = world.network("blue");
    // A container asks a name server beyond the host; the host has a service on another port.
    const asking = await world.container(net, []);
    await using _ = await serve(neighbour, [{ proto: "udp", address: "0.0.0.0", port: 53 }]);
    await using __ = await serve(host, [{ proto: "udp", address: "0.0.0.0", port: 54 }]);
    await udpEcho(asking.netns, NEIGHBOUR[4], 53);
    await udpEcho(neighbour, HOST[4], 54);
    const list = async (port: string): Promise<string> =>
      host.exec("conntrack", "-L", "-p", "udp", "--orig-port-dst", port);
    const c = await world.container(net, [
      { hostPort: 53, protocol: "udp" },
      { hostPort: 54, protocol: "udp", hostIP: "127.0.0.1" },
    ]);
    expect(await list("53")).toContain(`dst=${NEIGHBOUR[4]}`);
    expect(await list("54")).toContain(`dst=${HOST[4]}`);
    await net.del(c.attachment);
    expect(await list("53")).toContain(`dst=${NEIGHBOUR[4]}`);
    expect(await list("54")).toContain(`dst=${HOST[4]}`);
  },
  60_000,
);
