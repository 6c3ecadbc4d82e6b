import { expect } from "bun:test";
import { serveAll, tcpEcho } from "../../support/traffic.ts";
import type { Subject } from "../subject.ts";
import { linkOf } from "../witness.ts";

export const loopback: Subject = {
  name: "loopback",
  type: "loopback",
  families: [4, 6],
  plugins: () => [{ type: "loopback" }],
  stays: [],
  reset: () => "true",
  makes: [
    { name: "lo being up", remove: (a) => a.sandbox.exec("ip", "link", "set", "lo", "down"), named: /"lo".* down/ },
    {
      name: "lo's addresses",
      remove: (a) => a.sandbox.exec("ip", "addr", "flush", "dev", "lo"),
      named: /"lo".* no loopback address/,
    },
  ],
  async works(one) {
    expect((await linkOf(one.sandbox, "lo")).flags).toContain("UP");
    expect(one.addresses).toEqual(["127.0.0.1", "::1"]);
    await using _server = await serveAll(one.sandbox, 7000);
    for (const address of one.addresses) expect(await tcpEcho(one.sandbox, address, 7000)).toMatchObject({ address });
  },
};
